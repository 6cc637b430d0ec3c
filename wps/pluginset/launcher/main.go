// The first program of a plugin binary: it unpacks what it carries, once, and becomes the plugin.
//
// What it carries is a tar.gz (an interpreter, libraries and the packages), its SHA-256 and the plugin's name: appended
// to this program (appended.go), or compiled into it (embedded.go). What is unpacked lies in a directory of the user
// alone, under its hash. A copy of this program that carries nothing lies there as bin/python3: it starts the
// interpreter that it lies beside, and holds the directory as the plugin does.
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

const tellTail = "; get the binary again, `wps plugins sync` does that"

// Where the interpreter lies in what is unpacked, and the loader that starts it; without a loader the kernel starts it.
// Told when this is linked.
var program, loader = "lib/python", "lib/ld.so"

// misleading variables would let our interpreter look for its own modules or its own program elsewhere.
var misleading = []string{"PYTHONHOME", "PYTHONPLATLIBDIR", "PYTHONEXECUTABLE", "__PYVENV_LAUNCHER__"}

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

// payload is what this program carries.
type payload struct {
	data io.ReadSeeker
	hash [hashBytes]byte
	name string
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
	found, err := carried()
	if err != nil {
		return err
	}
	if found == nil {
		own, err := executable()
		if err != nil {
			return err
		}
		root := filepath.Dir(filepath.Dir(own))
		hold(root)
		return become(root, os.Args[1:])
	}
	root, err := place(found)
	if err != nil {
		return err
	}
	script := filepath.Join(root, "programs", found.name)
	return become(root, append([]string{"-I", "-S", script}, os.Args[1:]...))
}

// executable gives the path of this program, without links: macOS tells the path by which it was started.
func executable() (string, error) {
	own, err := os.Executable()
	if err != nil {
		own = os.Args[0] // where /proc is not mounted; the host starts plugins by their whole path
		if !filepath.IsAbs(own) {
			return "", fmt.Errorf("the path of this program is not known: %w; start it by its whole path", err)
		}
	}
	if found, err := filepath.EvalSymlinks(own); err == nil {
		own = found
	}
	return own, nil
}

// become starts the interpreter of an unpacked plugin in place of this process. What it takes for its own path is
// bin/python3, beside whose directory it finds its modules.
func become(root string, arguments []string) error {
	python, first := filepath.Join(root, "bin", "python3"), filepath.Join(root, program)
	command := []string{python}
	if loader != "" {
		own := first
		first = filepath.Join(root, loader)
		command = []string{first, "--argv0", python, "--library-path", filepath.Dir(first), own}
	}
	for _, name := range misleading {
		os.Unsetenv(name)
	}
	trust()
	err := syscall.Exec(first, append(command, arguments...), os.Environ())
	return fmt.Errorf("%s cannot be started: %w; delete %s, it is made anew", first, err, root)
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
