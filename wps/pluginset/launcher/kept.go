package main

import (
	"os"
	"path/filepath"
	"sort"
	"syscall"
	"time"
)

// kept is how many older versions of a plugin stay unpacked beside the newest: who goes back to one starts at once.
const kept = 2

// hold keeps an unpacked plugin from being removed for as long as this process lives, and what it becomes: the handle
// stays open over exec. It is false where somebody has removed the directory in this moment.
func hold(root string) bool {
	handle, err := syscall.Open(root, syscall.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return false
	}
	if syscall.Flock(handle, syscall.LOCK_SH) != nil {
		return true // file systems without locks: there nothing is removed either
	}
	var held, now syscall.Stat_t
	if syscall.Fstat(handle, &held) != nil || syscall.Lstat(root, &now) != nil || held.Ino != now.Ino {
		syscall.Close(handle)
		return false
	}
	used := time.Now()
	os.Chtimes(root, used, used) // which versions are old is told by their last start
	return true
}

// tidy removes the versions of a plugin that were not started for longest, but none that runs.
func tidy(folder, root, name string) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return
	}
	type version struct {
		path string
		used time.Time
	}
	var older []version
	for _, entry := range entries {
		path := filepath.Join(folder, entry.Name())
		if path == root || len(entry.Name()) != 2*hashBytes {
			continue
		}
		found, err := entry.Info()
		if _, missing := os.Lstat(filepath.Join(path, "programs", name)); err == nil && missing == nil {
			older = append(older, version{path, found.ModTime()})
		}
	}
	sort.Slice(older, func(a, b int) bool { return older[a].used.After(older[b].used) })
	for at, one := range older {
		if at >= kept && time.Since(one.used) > stale {
			remove(folder, one.path)
		}
	}
}

// remove takes the name away first, by which nobody starts it any more, and only if nobody holds it.
func remove(folder, path string) {
	handle, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW|syscall.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer syscall.Close(handle)
	if syscall.Flock(handle, syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		return
	}
	going := filepath.Join(folder, partial+filepath.Base(path))
	if os.Rename(path, going) == nil {
		os.RemoveAll(going)
	}
}
