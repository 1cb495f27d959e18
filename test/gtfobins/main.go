// Command gtfobins compares what package policy knows about programs with the
// public data of GTFOBins, given as a directory of its files. It refuses to take
// anything over: it counts, and prints what has no counterpart.
//
// Of each file it reads the names of the functions in its front matter and
// nothing else. That data stays where it is; it is under the GPL.
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: gtfobins DIRECTORY")
		os.Exit(2)
	}
	entries, err := readEntries(os.DirFS(os.Args[1]))
	if err != nil {
		fmt.Fprintf(os.Stderr, "gtfobins: %v\n", err)
		os.Exit(2)
	}
	compare(entries).print(os.Stdout)
}
