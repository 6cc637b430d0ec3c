//go:build embedded

package main

import (
	_ "embed"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"strings"
)

//go:embed payload.tar.gz
var packed string

// What is said of it when it is linked.
var embeddedName, embeddedHash string

// carried gives what was compiled into this program. On macOS nothing may be appended to one: see design 0009.
func carried() (*payload, error) {
	found := &payload{name: embeddedName, data: strings.NewReader(packed)}
	hash, err := hex.DecodeString(embeddedHash)
	if err != nil || len(hash) != hashBytes || found.name == "" || filepath.Base(found.name) != found.name {
		return nil, fmt.Errorf("this program was not linked with a name and a hash")
	}
	copy(found.hash[:], hash)
	return found, nil
}
