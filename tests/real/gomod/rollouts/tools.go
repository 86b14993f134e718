//go:build tools

// Package tools names the real controller that the comparisons build from source.
package tools

import (
	_ "github.com/argoproj/argo-rollouts/cmd/rollouts-controller"
)
