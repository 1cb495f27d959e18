package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"sync"

	"github.com/rootgate-project/rootgate/policy"
)

// The bounds of the input. A line longer than maxLine is no request: what a
// policy may allow is far below, however it is escaped.
const (
	maxLine    = 1 << 20
	chunkBytes = 1 << 16 // what one goroutine decides at a time
)

// bulk decides lines on all processors and keeps their order.
type bulk struct {
	snapshot *policy.Snapshot
	caller   *policy.Caller
}

func (a *app) newBulk(ctx context.Context, paths []string, caller string) (*bulk, error) {
	b := &bulk{}
	if caller != "" {
		c, err := parseCaller(caller)
		if err != nil {
			return nil, err
		}
		b.caller = &c
	}
	var err error
	b.snapshot, err = a.askedPolicy(ctx, paths)
	return b, err
}

// chunk is lines, and where their verdicts will be.
type chunk struct {
	first int // number of the first line
	lines []byte
	long  bool // the one line in it is longer than maxLine
	done  chan answered
}

type answered struct {
	out   []byte
	whole bool // every line is a request
}

// run decides the lines of r. The error is errUndecided when one of them was no
// request.
func (b *bulk) run(r io.Reader, w io.Writer) error {
	workers := runtime.GOMAXPROCS(0)
	work := make(chan *chunk)
	order := make(chan *chunk, 2*workers)
	var running sync.WaitGroup
	defer running.Wait()
	for range workers {
		running.Go(func() { b.decide(work) })
	}
	read := make(chan error, 1)
	stop := make(chan struct{})
	go func() {
		defer close(work)
		defer close(order)
		read <- chunks(r, func(c *chunk) bool {
			select {
			case order <- c:
			case <-stop:
				return false
			}
			work <- c // a worker is always there
			return true
		})
	}()
	var failed error
	whole := true
	for c := range order {
		a := <-c.done
		whole = whole && a.whole
		if failed == nil {
			if _, failed = w.Write(a.out); failed != nil {
				close(stop)
			}
		}
	}
	switch err := <-read; {
	case failed != nil:
		return failed
	case err != nil:
		return err
	case !whole:
		return errUndecided
	}
	return nil
}

func (b *bulk) decide(work <-chan *chunk) {
	d := newDecider(b.snapshot, b.caller)
	for c := range work {
		d.out.Reset()
		whole := true
		if c.long {
			whole = d.tooLong(c.first)
		} else {
			n := c.first
			for line := range bytes.Lines(c.lines) {
				whole = d.line(n, bytes.TrimRight(line, "\r\n")) && whole
				n++
			}
		}
		c.done <- answered{bytes.Clone(d.out.Bytes()), whole}
	}
}

// tooLong answers a line of which only the number is known.
func (d *decider) tooLong(n int) bool {
	_ = d.enc.Encode(jsonLineError{"the line is longer than 1 MiB", n})
	return false
}

// chunks cuts r into lines, as many at a time as are worth handing over, until
// yield returns false.
func chunks(r io.Reader, yield func(*chunk) bool) error {
	in := bufio.NewReaderSize(r, chunkBytes)
	n, first := 1, 1
	var lines, line []byte
	hand := func(long bool) bool {
		c := &chunk{first: first, lines: lines, long: long, done: make(chan answered, 1)}
		lines, first = nil, n
		return yield(c)
	}
	for {
		part, err := in.ReadSlice('\n')
		full := errors.Is(err, bufio.ErrBufferFull)
		if len(line) <= maxLine+1 { // with its newline
			line = append(line, part...)
		}
		if full {
			continue
		}
		end := errors.Is(err, io.EOF)
		if err != nil && !end {
			return err
		}
		if len(line) > 0 {
			long := len(line) > maxLine+1
			if (long || len(lines)+len(line) > chunkBytes) && len(lines) > 0 && !hand(false) {
				return nil
			}
			n++
			if long {
				if !hand(true) {
					return nil
				}
			} else {
				lines = append(lines, line...)
			}
			line = line[:0]
		}
		// Whoever waits for an answer before the next question gets it.
		if len(lines) > 0 && (end || in.Buffered() == 0) && !hand(false) || end {
			return nil
		}
	}
}
