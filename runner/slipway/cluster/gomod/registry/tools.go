//go:build tools

// Package tools names the programs that the embedded cluster builds from source.
package tools

import (
	_ "github.com/distribution/distribution/v3/cmd/registry"
)
