//go:build !embedded

package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

const (
	magic        = "WAYPAAS1"
	nameBytes    = 64
	trailerBytes = len(magic) + 8 + hashBytes + nameBytes
)

// carried gives what is appended to this program; nil where nothing is.
func carried() (*payload, error) {
	own, err := executable()
	if err != nil {
		return nil, err
	}
	file, err := os.Open(own)
	if err != nil {
		return nil, fmt.Errorf("this program cannot be read: %w", err)
	}
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil || size < int64(trailerBytes) {
		return nil, err
	}
	data := make([]byte, trailerBytes)
	if _, err := file.ReadAt(data, size-int64(trailerBytes)); err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(data, []byte(magic)) {
		return nil, nil
	}
	data = data[len(magic):]
	length := int64(binary.BigEndian.Uint64(data))
	offset := size - int64(trailerBytes) - length
	found := &payload{name: string(bytes.TrimRight(data[8+hashBytes:], "\x00"))}
	copy(found.hash[:], data[8:])
	if length < 0 || offset < 0 || found.name == "" || filepath.Base(found.name) != found.name {
		return nil, fmt.Errorf("this program is damaged: its end makes no sense%s", tellTail)
	}
	found.data = io.NewSectionReader(file, offset, length)
	return found, nil
}
