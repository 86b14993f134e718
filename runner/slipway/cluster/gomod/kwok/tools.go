//go:build tools

// Package tools names the programs that the embedded cluster builds from source.
package tools

import (
	_ "sigs.k8s.io/kwok/cmd/kwok"
)
