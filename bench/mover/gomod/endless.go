package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/rand"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	blockBytes = 1 << 20
	ociImage   = "application/vnd.oci.image.manifest.v1+json"
	ociConfig  = "application/vnd.oci.image.config.v1+json"
	ociLayer   = "application/vnd.oci.image.layer.v1.tar"
)

// layer is bytes that are made when they are read: one block over and over, numbered.
type layer struct {
	block []byte
	size  int64
}

func (l *layer) ReadAt(into []byte, offset int64) (int, error) {
	done := 0
	var numbered [8]byte
	for done < len(into) && offset < l.size {
		number, within := offset/blockBytes, offset%blockBytes
		most := min(int64(len(into)-done), blockBytes-within, l.size-offset)
		copied := copy(into[done:done+int(most)], l.block[within:])
		if within < int64(len(numbered)) {
			binary.BigEndian.PutUint64(numbered[:], uint64(number))
			copy(into[done:done+copied], numbered[within:])
		}
		done += copied
		offset += int64(copied)
	}
	if done < len(into) {
		return done, io.EOF
	}
	return done, nil
}

// store is a registry that holds one image, and takes any blob: it checks its digest and throws it away.
type store struct {
	lock      sync.Mutex
	large     *layer
	digest    string
	blobs     map[string][]byte
	has       map[string]int64
	manifests map[string][]byte
	sessions  int
}

// endless serves PORT LAYER-BYTES: the image "endless:v1", and uploads to all other repositories.
func endless(arguments []string) {
	size, _ := strconv.ParseInt(arguments[1], 10, 64)
	large := &layer{make([]byte, blockBytes), size}
	rand.New(rand.NewSource(1)).Read(large.block)
	hash := sha256.New()
	if _, err := io.CopyBuffer(hash, io.NewSectionReader(large, 0, size), make([]byte, blockBytes)); err != nil {
		log.Fatal(err)
	}
	kept := &store{
		large: large, digest: "sha256:" + hex.EncodeToString(hash.Sum(nil)),
		blobs: map[string][]byte{}, has: map[string]int64{}, manifests: map[string][]byte{},
	}
	config := []byte("{}")
	kept.blobs[digestOf(config)] = config
	descriptor := func(kind, digest string, size int64) map[string]any {
		return map[string]any{"mediaType": kind, "digest": digest, "size": size}
	}
	manifest, _ := json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": ociImage,
		"config": descriptor(ociConfig, digestOf(config), int64(len(config))),
		"layers": []any{descriptor(ociLayer, kept.digest, size)},
	})
	kept.manifests["endless/v1"] = manifest
	kept.manifests["endless/"+digestOf(manifest)] = manifest
	log.Fatal(http.ListenAndServe("127.0.0.1:"+arguments[0], kept))
}

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.Path, "/v2/")
	repository, kind, name := "", "", ""
	for _, each := range []string{"/manifests/", "/blobs/uploads/", "/blobs/"} {
		if before, after, found := strings.Cut(path, each); found {
			repository, kind, name = before, each, after
			break
		}
	}
	switch {
	case path == "":
		w.WriteHeader(http.StatusOK)
	case kind == "/manifests/":
		s.manifest(w, r, repository, name)
	case kind == "/blobs/uploads/" && r.Method == http.MethodPost:
		s.lock.Lock()
		s.sessions++
		w.Header().Set("Location", fmt.Sprintf("/v2/%s/blobs/uploads/%d", repository, s.sessions))
		s.lock.Unlock()
		w.WriteHeader(http.StatusAccepted)
	case kind == "/blobs/uploads/":
		s.upload(w, r, repository)
	case kind == "/blobs/":
		s.blob(w, r, repository, name)
	default:
		http.NotFound(w, r)
	}
}

func (s *store) manifest(w http.ResponseWriter, r *http.Request, repository, name string) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if r.Method == http.MethodPut {
		data, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		s.manifests[repository+"/"+name] = data
		s.manifests[repository+"/"+digestOf(data)] = data
		w.Header().Set("Docker-Content-Digest", digestOf(data))
		w.WriteHeader(http.StatusCreated)
		return
	}
	data, found := s.manifests[repository+"/"+name]
	if !found {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", ociImage)
	w.Header().Set("Docker-Content-Digest", digestOf(data))
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(data)
	}
}

func (s *store) blob(w http.ResponseWriter, r *http.Request, repository, digest string) {
	s.lock.Lock()
	size, there := s.has[repository+"/"+digest]
	s.lock.Unlock()
	small, isSmall := s.blobs[digest]
	switch {
	case repository == "endless" && digest == s.digest:
		http.ServeContent(w, r, "", time.Time{}, io.NewSectionReader(s.large, 0, s.large.size))
	case repository == "endless" && isSmall:
		_, _ = w.Write(small)
	case there && r.Method == http.MethodHead:
		w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	default:
		http.NotFound(w, r)
	}
}

func (s *store) upload(w http.ResponseWriter, r *http.Request, repository string) {
	hash := sha256.New()
	count, err := io.CopyBuffer(hash, r.Body, make([]byte, blockBytes))
	wanted := r.URL.Query().Get("digest")
	if found := "sha256:" + hex.EncodeToString(hash.Sum(nil)); err != nil || found != wanted {
		http.Error(w, `{"errors":[{"code":"DIGEST_INVALID"}]}`, http.StatusBadRequest)
		return
	}
	s.lock.Lock()
	s.has[repository+"/"+wanted] = count
	s.lock.Unlock()
	w.Header().Set("Docker-Content-Digest", wanted)
	w.WriteHeader(http.StatusCreated)
}
