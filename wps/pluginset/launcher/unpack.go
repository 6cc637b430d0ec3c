package main

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	hashBytes = sha256.Size
	partial   = ".partial-"
	stale     = time.Hour
	private   = 0o700
)

// place gives the directory of the unpacked plugin, and unpacks it if it is not there.
func place(found *payload) (string, error) {
	folder, err := home()
	if err != nil {
		return "", err
	}
	root := filepath.Join(folder, hex.EncodeToString(found.hash[:]))
	for tries := 0; tries < 3; tries++ {
		err = check(root)
		if errors.Is(err, fs.ErrNotExist) {
			if err = unpack(found, folder, root); err == nil {
				tidy(folder, root, found.name)
			}
		}
		if err != nil || hold(root) {
			return root, err
		}
	}
	return "", fmt.Errorf("%s is removed as soon as it is made; see who does that", root)
}

// home gives the directory, of this user alone, in which plugins are unpacked.
func home() (string, error) {
	var refused error
	if cache := cache(); filepath.IsAbs(cache) {
		folder := filepath.Join(cache, "waypaas", "plugins")
		refused = os.MkdirAll(folder, private)
		if refused == nil {
			return folder, check(folder)
		}
	}
	// A user without a home that can be written to: runners have such.
	folder := filepath.Join(os.TempDir(), fmt.Sprintf("waypaas-plugins-%d", os.Geteuid()))
	if err := os.Mkdir(folder, private); err != nil && !errors.Is(err, fs.ErrExist) {
		if refused == nil {
			refused = err
		}
		return "", fmt.Errorf("there is no place to unpack this plugin: %w; set XDG_CACHE_HOME to a directory of yours with 200 MB", refused)
	}
	return folder, check(folder)
}

// cache gives the place that XDG names, on macOS too: its own place for caches may be emptied by the system at any time.
func cache() string {
	if named := os.Getenv("XDG_CACHE_HOME"); named != "" {
		return named
	}
	if home := os.Getenv("HOME"); home != "" {
		return filepath.Join(home, ".cache")
	}
	return ""
}

// check refuses a directory that is a link, or that somebody else could have written to.
func check(folder string) error {
	found, err := os.Lstat(folder)
	if err != nil {
		return err
	}
	owner, known := found.Sys().(*syscall.Stat_t)
	if !found.IsDir() || !known || int(owner.Uid) != os.Geteuid() || found.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%s is not safe: it must be a directory of yours that nobody else can enter; delete it, or make it so by chmod 700", folder)
	}
	return nil
}

// unpack makes the directory beside its place, and gives it its name when every byte was right.
func unpack(found *payload, folder, root string) (err error) {
	sweep(folder)
	draft, err := os.MkdirTemp(folder, partial)
	if err != nil {
		return fmt.Errorf("%s cannot be written to: %w; set XDG_CACHE_HOME to a directory of yours with 200 MB", folder, err)
	}
	defer func() {
		if err != nil {
			os.RemoveAll(draft)
		}
	}()
	if _, err := found.data.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("this program cannot be read: %w", err)
	}
	hash := sha256.New()
	packed := io.TeeReader(found.data, hash)
	failure := extract(packed, draft)
	if failure == nil || !system(failure) {
		// What is damaged can fail in any way, and what is wrong is said before that.
		if _, err := io.Copy(io.Discard, packed); err != nil {
			return fmt.Errorf("this program cannot be read: %w", err)
		}
		if [hashBytes]byte(hash.Sum(nil)) != found.hash {
			return fmt.Errorf("this program is damaged: what it holds has another hash%s", tellTail)
		}
	}
	if failure != nil {
		return fmt.Errorf("this plugin cannot be unpacked in %s: %w; see to that, or set XDG_CACHE_HOME to a directory of yours with 200 MB", folder, failure)
	}
	if err := os.Rename(draft, root); err != nil {
		if check(root) != nil {
			return fmt.Errorf("%s cannot be made: %w", root, err)
		}
		os.RemoveAll(draft) // somebody else was quicker
	}
	return nil
}

func system(err error) bool {
	var path *fs.PathError
	return errors.As(err, &path)
}

// sweep removes what processes left that were killed while they unpacked.
func sweep(folder string) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return
	}
	for _, entry := range entries {
		found, err := entry.Info()
		if err == nil && strings.HasPrefix(entry.Name(), partial) && time.Since(found.ModTime()) > stale {
			os.RemoveAll(filepath.Join(folder, entry.Name()))
		}
	}
}

func extract(from io.Reader, to string) error {
	unzipped, err := gzip.NewReader(bufio.NewReaderSize(from, 1<<20))
	if err != nil {
		return err
	}
	archive := tar.NewReader(unzipped)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if !filepath.IsLocal(header.Name) {
			return fmt.Errorf("%q leads out of it", header.Name)
		}
		path := filepath.Join(to, header.Name)
		switch header.Typeflag {
		case tar.TypeDir:
			err = os.Mkdir(path, private)
		case tar.TypeReg:
			err = write(path, archive, fs.FileMode(header.Mode)&0o700)
		default:
			err = fmt.Errorf("%q is neither a file nor a directory", header.Name)
		}
		if err != nil {
			return err
		}
	}
}

func write(path string, from io.Reader, mode fs.FileMode) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	if _, err := io.Copy(file, from); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}
