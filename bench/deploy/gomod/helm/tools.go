//go:build tools

// Package helm names the program that the module is for.
package helm

import _ "helm.sh/helm/v3/cmd/helm"
