// Servers of the mover's benchmark: a far network, and a registry whose one layer has no end.
package main

import (
	"log"
	"os"
)

func main() {
	if len(os.Args) < 2 {
		log.Fatal("usage: servers relay|endless ...")
	}
	switch os.Args[1] {
	case "relay":
		relay(os.Args[2:])
	case "endless":
		endless(os.Args[2:])
	default:
		log.Fatalf("no server is called %q", os.Args[1])
	}
}
