// Package client runs commands through rootgated, in the shape of os/exec.
//
// It refuses to guess. It sends no identity, because the kernel tells the server
// who is calling; it inherits nothing, because the environment and the working
// directory of a command are the rule's unless [Cmd.Env] and [Cmd.Dir] ask for
// something else; it talks to nothing but a Unix socket; it does not read
// [Cmd.Stdin] before the server said that the rule takes input; and a failing
// Reader or Writer ends the command instead of leaving it with half its data.
//
//	c, err := client.Dial(ctx, "")
//	if err != nil {
//		return err
//	}
//	defer c.Close()
//	out, err := c.CommandContext(ctx, "ip", "-j", "link").Output()
//
// A command that ran and did not exit with 0 is an [*ExitError]. Everything else
// that came from the server is an [*Error], which [errors.Is] compares with
// [ErrDenied], [ErrTimeout] and the other kinds.
//
// When the context of a command ends, or its process goes away, the server kills
// the command with all its descendants within a second. The client does not wait
// for that.
package client
