package client

import (
	"errors"
	"io"
	"os"
	"sync"
)

// StdinPipe returns a pipe to the command's standard input. The caller closes it
// to end the input; Wait closes it too. Writing after the command has ended
// fails with EPIPE.
func (c *Cmd) StdinPipe() (io.WriteCloser, error) {
	if c.Stdin != nil {
		return nil, errors.New("stdin is already set")
	}
	r, w, err := c.pipe()
	if err != nil {
		return nil, err
	}
	end := &onceCloser{File: w}
	c.Stdin, c.input = r, r
	c.after = append(c.after, end)
	return end, nil
}

// StdoutPipe returns a pipe from the command's standard output. Wait closes it,
// so it must be read to its end first.
func (c *Cmd) StdoutPipe() (io.ReadCloser, error) {
	if c.Stdout != nil {
		return nil, errors.New("stdout is already set")
	}
	r, w, err := c.outputPipe()
	if err != nil {
		return nil, err
	}
	c.Stdout = w
	return r, nil
}

// StderrPipe is StdoutPipe for standard error.
func (c *Cmd) StderrPipe() (io.ReadCloser, error) {
	if c.Stderr != nil {
		return nil, errors.New("stderr is already set")
	}
	r, w, err := c.outputPipe()
	if err != nil {
		return nil, err
	}
	c.Stderr = w
	return r, nil
}

func (c *Cmd) outputPipe() (io.ReadCloser, io.Writer, error) {
	r, w, err := c.pipe()
	if err != nil {
		return nil, nil, err
	}
	end := &onceCloser{File: r}
	c.outputs = append(c.outputs, w)
	c.after = append(c.after, end)
	return end, w, nil
}

// pipe makes a pipe of the kernel: its buffer lets a caller read one stream to
// the end before the other, within limits that are known from os/exec.
func (c *Cmd) pipe() (r, w *os.File, err error) {
	if c.call != nil {
		return nil, nil, errors.New("the command has started already")
	}
	return os.Pipe()
}

// closeAll closes every end of a pipe that is still open.
func (c *Cmd) closeAll() {
	if c.input != nil {
		_ = c.input.Close()
	}
	for _, end := range append(c.outputs, c.after...) {
		_ = end.Close()
	}
}

// onceCloser lets the caller and Wait both close the same end.
type onceCloser struct {
	*os.File
	once sync.Once
	err  error
}

// Close closes the file the first time.
func (o *onceCloser) Close() error {
	o.once.Do(func() { o.err = o.File.Close() })
	return o.err
}
