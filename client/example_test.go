package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/rootgate-project/rootgate/client"
)

func ExampleDial() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	c, err := client.Dial(ctx, "")
	if err != nil {
		log.Fatal(err) // dial /run/rootgate/rootgate.sock: ... (is rootgated running?)
	}
	defer func() { _ = c.Close() }()
}

func ExampleCmd_Output() {
	var c *client.Client // from Dial
	out, err := c.Command("ip", "-j", "link").Output()
	var exit *client.ExitError
	switch {
	case errors.As(err, &exit):
		log.Fatalf("ip ended with %v: %s", exit, exit.Stderr)
	case err != nil:
		log.Fatal(err)
	}
	fmt.Printf("%s\n", out)
}

func ExampleCmd_Run() {
	var c *client.Client // from Dial
	cmd := c.CommandContext(context.Background(), "iptables-restore")
	cmd.Netns = "router"
	cmd.Stdin = strings.NewReader("*filter\nCOMMIT\n")
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		log.Fatal(err)
	}
}

func ExampleCmd_Start() {
	var c *client.Client // from Dial
	cmd := c.Command("conntrack", "-E")
	cmd.Stdout = os.Stdout
	if err := cmd.Start(); err != nil {
		log.Fatal(err)
	}
	time.AfterFunc(time.Minute, func() { _ = cmd.Signal(os.Interrupt) })
	if err := cmd.Wait(); err != nil {
		log.Fatal(err)
	}
}

func ExampleError() {
	var c *client.Client // from Dial
	err := c.Command("ip", "link", "set", "dev", "eth0", "mtu", "99999").Run()
	var refused *client.Error
	switch {
	case errors.Is(err, client.ErrDenied) && errors.As(err, &refused):
		fmt.Printf("%s at argument %d, expected %s\n", refused.Reason, refused.ArgvIndex, refused.Expected)
	case errors.Is(err, client.ErrExhausted) && errors.As(err, &refused):
		fmt.Printf("again in %v\n", refused.RetryAfter)
	}
}

// The text of an error names its kind, the stable reason and a sentence.
func ExampleError_Error() {
	err := &client.Error{
		Kind: client.ErrDenied, Reason: "VALUE_OUT_OF_RANGE", ArgvIndex: 6,
		Message: "argument 6 is out of range", Expected: "<mtu> int 68..9216",
	}
	fmt.Println(err)
	fmt.Println(errors.Is(err, client.ErrDenied))
	// Output:
	// denied: VALUE_OUT_OF_RANGE: argument 6 is out of range
	// true
}
