// The load: so many signed calls in flight, for so many seconds, from a process of its own.
//
//	loadclient PLAN.json
//
// The plan names address, certificate authority, requests (method and message
// in hex), sessions (token and device key), calls in flight and seconds. Prints
// one JSON object: how long each answered call took, and how many there were by
// method and by what went wrong. With "log" it also adds a line to that file as
// soon as a call ends, for tests that kill the service: id of the request, name
// of the status, when it began on the monotonic clock and how long it took in
// seconds, and what the service said. SIGTERM ends it early, after the calls
// that run. It is Go so that it takes little of the cores that the service has.
package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const (
	connections = 4
	deadline    = 10 * time.Second
	// After a call that failed: a service that is away is not asked faster than that.
	pause     = 50 * time.Millisecond
	mostWords = 500
)

type plan struct {
	Address   string    `json:"address"`
	Authority string    `json:"authority"`
	Requests  []request `json:"requests"`
	Sessions  []session `json:"sessions"`
	InFlight  int       `json:"in_flight"`
	Seconds   float64   `json:"seconds"`
	Log       string    `json:"log"`
}

type request struct {
	Method  string `json:"method"`
	Message string `json:"message"`
}

type session struct {
	Token string `json:"token"`
	Key   string `json:"key"`
}

// name is the method's last part.
func (r request) name() string {
	return r.Method[strings.LastIndex(r.Method, "/")+1:]
}

// device signs calls of one session.
type device struct {
	token, tokenHash string
	key              ed25519.PrivateKey
}

// sign gives a call's id and its metadata.
func (d device) sign(method string) (string, metadata.MD) {
	raw := make([]byte, 16)
	rand.Read(raw)
	id, clock := hex.EncodeToString(raw), strconv.FormatInt(time.Now().Unix(), 10)
	proof := ed25519.Sign(d.key, []byte(strings.Join([]string{method, id, clock, d.tokenHash}, "\n")))
	return id, metadata.Pairs(
		"waypaas-request", id,
		"waypaas-time", clock,
		"waypaas-proof", base64.StdEncoding.EncodeToString(proof),
		"authorization", "Bearer "+d.token,
	)
}

// raw is a codec of bytes that are messages already.
type raw struct{}

func (raw) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }

func (raw) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = append([]byte(nil), data...)
	return nil
}

func (raw) Name() string { return "proto" }

// found is what is printed.
type found struct {
	mutex    sync.Mutex
	Took     float64        `json:"took"`
	Seconds  []float64      `json:"seconds"`
	Answered map[string]int `json:"answered"`
	Errors   map[string]int `json:"errors"`
}

type load struct {
	plan     plan
	devices  []device
	messages [][]byte
	log      *os.File
	number   atomic.Int64
	isOver   atomic.Bool
	found    found
}

func main() {
	log.SetFlags(0)
	content, err := os.ReadFile(os.Args[1])
	check(err)
	l := &load{found: found{Seconds: []float64{}, Answered: map[string]int{}, Errors: map[string]int{}}}
	check(json.Unmarshal(content, &l.plan))
	for _, one := range l.plan.Sessions {
		seed, err := hex.DecodeString(one.Key)
		check(err)
		hash := sha256.Sum256([]byte(one.Token))
		l.devices = append(l.devices, device{one.Token, hex.EncodeToString(hash[:]), ed25519.NewKeyFromSeed(seed)})
	}
	for _, one := range l.plan.Requests {
		message, err := hex.DecodeString(one.Message)
		check(err)
		l.messages = append(l.messages, message)
	}
	if l.plan.Log != "" {
		l.log, err = os.OpenFile(l.plan.Log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		check(err)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	go func() { <-stop; l.isOver.Store(true) }()
	began := time.Now()
	l.run()
	l.found.Took = time.Since(began).Seconds()
	check(json.NewEncoder(os.Stdout).Encode(&l.found))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// run calls until the time is over.
func (l *load) run() {
	authorities := x509.NewCertPool()
	authorities.AppendCertsFromPEM([]byte(l.plan.Authority))
	slow := backoff.DefaultConfig
	slow.BaseDelay, slow.MaxDelay = 100*time.Millisecond, 300*time.Millisecond
	var channels []*grpc.ClientConn
	for range min(connections, l.plan.InFlight) {
		channel, err := grpc.NewClient(
			"passthrough:///"+l.plan.Address,
			grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: authorities})),
			grpc.WithConnectParams(grpc.ConnectParams{Backoff: slow, MinConnectTimeout: time.Second}),
			grpc.WithDefaultCallOptions(grpc.ForceCodec(raw{})),
			grpc.WithDisableRetry(),
		)
		check(err)
		defer channel.Close()
		channels = append(channels, channel)
	}
	ends := time.Now().Add(time.Duration(l.plan.Seconds * float64(time.Second)))
	var callers sync.WaitGroup
	for number := range l.plan.InFlight {
		callers.Add(1)
		go func() {
			defer callers.Done()
			for time.Now().Before(ends) && !l.isOver.Load() {
				l.call(channels[number%len(channels)])
			}
		}()
	}
	callers.Wait()
}

// call makes the next call.
func (l *load) call(channel *grpc.ClientConn) {
	number := int(l.number.Add(1) - 1)
	which := number % len(l.plan.Requests)
	asked, device := l.plan.Requests[which], l.devices[number/len(l.plan.Requests)%len(l.devices)]
	clock := monotonic()
	began := time.Now()
	id, signed := device.sign(asked.Method)
	ctx, cancel := context.WithTimeout(metadata.NewOutgoingContext(context.Background(), signed), deadline)
	defer cancel()
	var reply []byte
	err := channel.Invoke(ctx, asked.Method, &l.messages[which], &reply)
	took := time.Since(began).Seconds()
	code, said := codes.OK.String(), ""
	if err != nil {
		said = status.Convert(err).Message()
		code = upper(status.Code(err))
	}
	if l.log != nil {
		words := strings.Join(strings.Fields(said), " ")
		fmt.Fprintf(l.log, "%s %s %.4f %.4f %s\n", id, code, clock, took, words[:min(len(words), mostWords)])
	}
	l.found.mutex.Lock()
	if err == nil {
		l.found.Seconds = append(l.found.Seconds, took)
		l.found.Answered[asked.name()]++
	} else {
		l.found.Errors[fmt.Sprintf("%s %s: %s", asked.name(), code, said)]++
	}
	l.found.mutex.Unlock()
	if err != nil {
		time.Sleep(pause)
	}
}

// upper writes a status as all other clients do: DEADLINE_EXCEEDED.
func upper(code codes.Code) string {
	if code == codes.Canceled {
		return "CANCELLED"
	}
	var name strings.Builder
	for at, sign := range code.String() {
		if at > 0 && 'A' <= sign && sign <= 'Z' {
			name.WriteByte('_')
		}
		name.WriteRune(sign)
	}
	return strings.ToUpper(name.String())
}

// monotonic is the machine's monotonic clock in seconds, which other processes read too.
func monotonic() float64 {
	var now unix.Timespec
	check(unix.ClockGettime(unix.CLOCK_MONOTONIC, &now))
	return float64(now.Sec) + float64(now.Nsec)/1e9
}
