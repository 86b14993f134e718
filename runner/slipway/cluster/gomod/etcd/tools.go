//go:build tools

// Package tools names the programs that the embedded cluster builds from source.
package tools

import (
	_ "go.etcd.io/etcd/server/v3"
)
