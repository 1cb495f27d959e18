// Command bench compares rootgate with other ways to run a command, in one run and
// interleaved. It asserts nothing: a figure that a shared machine produced is read
// by a person. It touches no file but its results and a temporary directory, and
// asks nothing of the host's own configuration except that root may use sudo.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	bin := flag.String("bin", "bin", "`directory` of rootgated and rootgate")
	out := flag.String("out", "test/bench/results", "`directory` of the results")
	rounds := flag.Int("rounds", 300, "how often each case runs")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *bin, *out, *rounds); err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, bin, out string, rounds int) (err error) {
	d, err := start(ctx, bin)
	if err != nil {
		return err
	}
	defer func() {
		if stopErr := d.stop(); err == nil {
			err = stopErr
		}
	}()
	c, err := connect(d.socket)
	if err != nil {
		return err
	}
	defer c.close()

	r := results{Machine: machine(), RSSIdle: d.rss()}
	if r.Latency, err = interleave(ctx, cases(c, bin, d.socket), rounds); err != nil {
		return err
	}
	if r.Throughput, err = throughput(ctx, c, 8, 400); err != nil {
		return err
	}
	r.RSSEnd = d.rss()
	if r.Matchers, err = compareMatchers(ctx, "test/bench/matcher"); err != nil {
		return err
	}
	return r.write(os.Stdout, out)
}
