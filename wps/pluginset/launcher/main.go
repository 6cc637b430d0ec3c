// The first program of a plugin binary: it unpacks what is appended to it, once, and becomes the plugin.
//
// A plugin binary is this program, a tar.gz (an interpreter, the C library and the packages), and a trailer:
// magic, length and SHA-256 of the tar.gz, and the plugin's name. What is unpacked lies in a directory of the user
// alone, under its hash. A copy of this program without a trailer lies there as bin/python3: it starts the
// interpreter that it lies beside, which nothing else could, as its loader is at no path that the kernel knows.
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

const (
	magic        = "WAYPAAS1"
	nameBytes    = 64
	trailerBytes = len(magic) + 8 + hashBytes + nameBytes
	tellTail     = "; get the binary again, `wps plugins sync` does that"
)

// Where systems keep the authorities that they trust, as Go looks for them. The TLS library of the plugin comes from
// the machine that built it, and would look where that one keeps them.
var authorities = []string{
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
	"/etc/pki/tls/cacert.pem",
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
	"/etc/ssl/cert.pem",
}

// Trailer says what is appended.
type trailer struct {
	offset int64
	length int64
	hash   [hashBytes]byte
	name   string
}

func main() {
	if err := run(); err != nil {
		// The host shows the user what comes instead of the handshake, and stderr only in its log.
		fmt.Fprintf(os.Stderr, "%s: %v\n", filepath.Base(os.Args[0]), err)
		if os.Getenv("WAYPOINT_PLUGIN") != "" {
			fmt.Printf("%s: %v\n", filepath.Base(os.Args[0]), err)
		}
		os.Exit(1)
	}
}

func run() error {
	own, err := os.Executable()
	if err != nil {
		own = os.Args[0] // where /proc is not mounted; the host starts plugins by their whole path
		if !filepath.IsAbs(own) {
			return fmt.Errorf("the path of this program is not known: %w; start it by its whole path", err)
		}
	}
	file, err := os.Open(own)
	if err != nil {
		return fmt.Errorf("this program cannot be read: %w", err)
	}
	end, err := readTrailer(file)
	if err != nil {
		return err
	}
	if end == nil {
		root := filepath.Dir(filepath.Dir(own))
		hold(root)
		return become(root, os.Args[1:])
	}
	root, err := place(file, end)
	if err != nil {
		return err
	}
	file.Close()
	script := filepath.Join(root, "programs", end.name)
	return become(root, append([]string{"-I", "-S", script}, os.Args[1:]...))
}

// readTrailer gives nil where nothing is appended.
func readTrailer(file *os.File) (*trailer, error) {
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
	end := &trailer{length: int64(binary.BigEndian.Uint64(data))}
	copy(end.hash[:], data[8:])
	end.name = string(bytes.TrimRight(data[8+hashBytes:], "\x00"))
	end.offset = size - int64(trailerBytes) - end.length
	if end.length < 0 || end.offset < 0 || end.name == "" || filepath.Base(end.name) != end.name {
		return nil, fmt.Errorf("this program is damaged: its end makes no sense%s", tellTail)
	}
	return end, nil
}

// become starts the interpreter of an unpacked plugin in place of this process.
func become(root string, arguments []string) error {
	libraries := filepath.Join(root, "lib")
	loader := filepath.Join(libraries, "ld.so")
	command := []string{
		loader, "--argv0", filepath.Join(root, "bin", "python3"), "--library-path", libraries,
		filepath.Join(libraries, "python"),
	}
	trust()
	err := syscall.Exec(loader, append(command, arguments...), os.Environ())
	return fmt.Errorf("%s cannot be started: %w; delete %s, it is made anew", loader, err, root)
}

// trust names this system's authorities, where the user has named none.
func trust() {
	if os.Getenv("SSL_CERT_FILE") != "" || os.Getenv("SSL_CERT_DIR") != "" {
		return
	}
	for _, path := range authorities {
		if _, err := os.Stat(path); err == nil {
			os.Setenv("SSL_CERT_FILE", path)
			return
		}
	}
}
