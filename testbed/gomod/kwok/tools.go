//go:build tools

// Package kwok names the program that the module is for.
package kwok

import _ "sigs.k8s.io/kwok/cmd/kwok"
