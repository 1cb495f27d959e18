package client

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	rootgatev1 "github.com/rootgate-project/rootgate/proto/rootgate/v1"
)

// send sends input and signals until the call is over. Signals go first.
func (c *call) send() {
	defer close(c.sent)
	for {
		var req *rootgatev1.ExecuteStreamRequest
		fromFeed := false
		select {
		case sig := <-c.signals:
			req = signalRequest(sig)
		default:
			select {
			case sig := <-c.signals:
				req = signalRequest(sig)
			case req = <-c.input:
				fromFeed = true
			case <-c.ended:
				return
			}
		}
		if c.stream.Send(req) != nil {
			return // the call is over, and receive learns why
		}
		if fromFeed {
			c.taken <- struct{}{}
		}
	}
}

func signalRequest(sig syscall.Signal) *rootgatev1.ExecuteStreamRequest {
	return &rootgatev1.ExecuteStreamRequest{Message: &rootgatev1.ExecuteStreamRequest_Signal{Signal: int32(sig)}}
}

// feed reads the input to its end. A nil Reader is empty.
func (c *call) feed(r io.Reader) {
	defer close(c.fed)
	var buf []byte
	if r != nil {
		buf = make([]byte, chunk)
	}
	for r != nil {
		n, err := r.Read(buf)
		if n > 0 && !c.hand(&rootgatev1.ExecuteStreamRequest{Message: &rootgatev1.ExecuteStreamRequest_Stdin{Stdin: buf[:n]}}) {
			return
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			// Input that breaks off must not look complete to the command.
			c.cancel(ioFailure{fmt.Errorf("read stdin: %w", err)})
			return
		}
	}
	c.hand(&rootgatev1.ExecuteStreamRequest{Message: &rootgatev1.ExecuteStreamRequest_CloseStdin{CloseStdin: &rootgatev1.CloseStdin{}}})
}

// hand gives a request to send and waits until it is sent. It returns false when
// the call is over.
func (c *call) hand(req *rootgatev1.ExecuteStreamRequest) bool {
	select {
	case c.input <- req:
	case <-c.ended:
		return false
	}
	select {
	case <-c.taken:
		return true
	case <-c.ended:
		return false
	}
}

// join waits until feed is done with Stdin.
func (c *Cmd) join() error {
	select {
	case <-c.call.fed:
		return nil
	default:
	}
	if f, ok := c.Stdin.(*os.File); ok && f != c.input {
		// A pipe or socket can be interrupted; a terminal or a regular file cannot,
		// and feed then ends by itself with the next read.
		if f.SetReadDeadline(time.Now()) != nil {
			return nil
		}
		<-c.call.fed
		_ = f.SetReadDeadline(time.Time{})
		return nil
	}
	if c.WaitDelay == 0 || c.input != nil {
		<-c.call.fed
		return nil
	}
	timer := time.NewTimer(c.WaitDelay)
	defer timer.Stop()
	select {
	case <-c.call.fed:
		return nil
	case <-timer.C:
		return ErrWaitDelay
	}
}
