package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	pieceBytes = 64 << 10
	// Pieces on their way in one direction: more than the rate fills in one latency.
	piecesUnderWay = 32
	socketBuffer   = 128 << 10
)

// counts is what passed one port since it was last asked.
type counts struct {
	up, down, connections atomic.Int64
}

// piece is some bytes, or the end, and when the other side sees it.
type piece struct {
	buffer *[]byte
	count  int
	due    time.Time
}

// network is how far and how narrow.
type network struct {
	latency time.Duration
	rate    float64
	pool    sync.Pool
}

// relay serves CONTROL-PORT LATENCY-SECONDS BYTES-PER-SECOND PORT=TARGET ...; a rate is of one
// connection and direction. The control port answers with the bytes of each port, and forgets them.
func relay(arguments []string) {
	latency, _ := strconv.ParseFloat(arguments[1], 64)
	rate, _ := strconv.ParseFloat(arguments[2], 64)
	far := &network{latency: time.Duration(latency * float64(time.Second)), rate: rate}
	far.pool.New = func() any { buffer := make([]byte, pieceBytes); return &buffer }
	passed := map[string]*counts{}
	for _, rule := range arguments[3:] {
		port, target, _ := strings.Cut(rule, "=")
		passed[port] = &counts{}
		config := net.ListenConfig{Control: small}
		listener, err := config.Listen(context.Background(), "tcp", "127.0.0.1:"+port)
		if err != nil {
			log.Fatal(err)
		}
		go far.accept(listener, "127.0.0.1:"+target, passed[port])
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:"+arguments[0], http.HandlerFunc(
		func(w http.ResponseWriter, _ *http.Request) {
			told := map[string][3]int64{}
			for port, one := range passed {
				told[port] = [3]int64{one.up.Swap(0), one.down.Swap(0), one.connections.Swap(0)}
			}
			_ = json.NewEncoder(w).Encode(told)
		})))
}

// small keeps the kernel from taking in what the network would not carry yet.
func small(_, _ string, raw syscall.RawConn) error {
	return raw.Control(func(fd uintptr) {
		_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, socketBuffer)
	})
}

func (n *network) accept(listener net.Listener, target string, passed *counts) {
	dialer := net.Dialer{Control: small}
	for {
		client, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		passed.connections.Add(1)
		go func() {
			server, err := dialer.Dial("tcp", target)
			if err != nil {
				client.Close()
				return
			}
			// The kernel has shaken hands at once; the first bytes wait for as long as it takes over the network.
			begun := time.Now().Add(2 * n.latency)
			var both sync.WaitGroup
			both.Add(2)
			go func() { n.carry(client, server, begun, &passed.up); both.Done() }()
			go func() { n.carry(server, client, begun, &passed.down); both.Done() }()
			both.Wait()
			client.Close()
			server.Close()
		}()
	}
}

// carry moves one direction: the rate is paid where bytes enter, the latency before they leave.
func (n *network) carry(from, to net.Conn, free time.Time, count *atomic.Int64) {
	under := make(chan piece, piecesUnderWay)
	go func() {
		defer close(under)
		for {
			buffer := n.pool.Get().(*[]byte)
			got, err := from.Read(*buffer)
			if got > 0 {
				if now := time.Now(); free.Before(now) {
					free = now
				}
				if n.rate > 0 {
					free = free.Add(time.Duration(float64(got) / n.rate * float64(time.Second)))
				}
				under <- piece{buffer, got, free.Add(n.latency)}
				time.Sleep(time.Until(free))
			}
			if err != nil {
				if !errors.Is(err, io.EOF) {
					to.Close()
				}
				return
			}
		}
	}()
	broken := false
	for one := range under {
		time.Sleep(time.Until(one.due))
		if !broken {
			written, err := to.Write((*one.buffer)[:one.count])
			count.Add(int64(written))
			if err != nil {
				broken = true
				from.Close()
			}
		}
		n.pool.Put(one.buffer)
	}
	time.Sleep(n.latency)
	if half, is := to.(*net.TCPConn); is {
		_ = half.CloseWrite()
	}
}
