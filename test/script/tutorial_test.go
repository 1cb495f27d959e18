package script

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rootgate-project/rootgate/test/harness"
)

// TestTutorial types what the tutorial of the policy language says, and expects
// what it shows. In its console blocks "$" is a reviewer without privileges, "#"
// is root and "neutron$" the agent; a line of "…" stands for any lines, "…" in a
// line for any text, and "[exit status N]" for an end that is not 0. A yaml block
// whose first line is "# FILE" is written to FILE.
func TestTutorial(t *testing.T) {
	doc, err := os.ReadFile("../../policy/README.md")
	if err != nil {
		t.Fatal(err)
	}
	steps := tutorialSteps(string(doc))
	if len(steps) < 20 {
		t.Fatalf("got %d steps, want the whole tutorial", len(steps))
	}
	sh := newShell(t)
	for _, s := range steps {
		if s.file != "" {
			sh.write(s.file, s.text)
			continue
		}
		if got := sh.run(s); !s.want.MatchString(got) {
			t.Fatalf("policy/README.md:%d: %s\ngot:\n%s\nwant:\n%s", s.line, s.command, got, s.text)
		}
	}
}

// step is a command with what it prints, or a file to be written.
type step struct {
	line    int
	user    string // reviewer, root or neutron
	command string
	text    string // the output, or the file's text
	want    *regexp.Regexp
	file    string
}

var prompts = []struct{ prompt, user string }{
	{"$ ", "reviewer"}, {"# ", "root"}, {"neutron$ ", "neutron"},
}

func tutorialSteps(doc string) []step {
	var steps []step
	block, name := "", ""
	for i, line := range strings.Split(doc, "\n") {
		switch {
		case strings.HasPrefix(line, "```"):
			block, name = strings.TrimPrefix(line, "```"), ""
		case block == "yaml" && name == "":
			name = strings.TrimPrefix(line, "# ")
			if name == line || strings.Contains(name, " ") {
				block = ""
				continue
			}
			steps = append(steps, step{line: i + 1, file: name, text: line + "\n"})
		case block == "yaml":
			steps[len(steps)-1].text += line + "\n"
		case block == "console":
			if s, ok := promptLine(line); ok {
				s.line = i + 1
				steps = append(steps, s)
			} else if len(steps) > 0 {
				steps[len(steps)-1].text += line + "\n"
			}
		}
	}
	for i := range steps {
		steps[i].want = expectation(steps[i].text)
	}
	return steps
}

func promptLine(line string) (step, bool) {
	for _, p := range prompts {
		if command, ok := strings.CutPrefix(line, p.prompt); ok {
			return step{user: p.user, command: command}, true
		}
	}
	return step{}, false
}

// expectation returns the expression that output has to match.
func expectation(text string) *regexp.Regexp {
	e := regexp.QuoteMeta(text)
	e = regexp.MustCompile(`(?m)^…\n`).ReplaceAllString(e, `(?:.*\n)*?`)
	return regexp.MustCompile(`^` + strings.ReplaceAll(e, "…", ".*?") + `$`)
}

// shell is a shell in network, mount and process namespaces of its own, in which
// the accounts of the tutorial exist. They end with it, and so does all it started.
type shell struct {
	t   *testing.T
	dir string
	in  io.Writer
	out *bufio.Reader
}

const endOfStep = "the-step-has-ended"

func newShell(t *testing.T) *shell {
	bin := filepath.Dir(harness.Program(t, "rootgate"))
	sh := &shell{t: t, dir: t.TempDir()}
	cmd := exec.CommandContext(t.Context(), "unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc",
		"--propagation", "private", "bash", "--norc", "--noprofile")
	cmd.Env = []string{"PATH=" + bin + ":/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/", "LC_ALL=C.UTF-8", "BIN=" + bin, "DIR=" + sh.dir}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, w := io.Pipe()
	cmd.Stdout, cmd.Stderr = w, w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = out.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	sh.in, sh.out = in, bufio.NewReader(out)
	sh.must(tutorialHost)
	return sh
}

// tutorialHost makes the host of the tutorial: its accounts, empty directories
// for what rootgated and ip write, and the agent's filters.
const tutorialHost = `set -e
mkdir $DIR/etc $DIR/review
mount -t tmpfs none $DIR/etc
mkdir $DIR/etc/upper $DIR/etc/work
mount -t overlay overlay -o lowerdir=/etc,upperdir=$DIR/etc/upper,workdir=$DIR/etc/work /etc
printf 'reviewer:x:60111:60111::/:/bin/sh\nneutron:x:60110:60110::/:/bin/sh\nrootgate-run:x:60112:60112::/:/bin/sh\n' >> /etc/passwd
printf 'reviewer:x:60111:\nneutron:x:60110:\nrootgate-run:x:60112:\nrootgate:x:60113:neutron\n' >> /etc/group
mount -t tmpfs -o mode=755 none /run
mount -t tmpfs -o mode=755 none /var/log
mkdir /run/netns
cp -r testdata/tutorial/. $DIR/review/
chmod 755 $DIR $DIR/.. $DIR/../..
chown -R reviewer:reviewer $DIR/review
cd $DIR/review
set +e
`

// must runs commands of the test itself.
func (sh *shell) must(script string) {
	if got := sh.run(step{user: "root", command: script}); got != "" {
		sh.t.Fatalf("the tutorial's host: %s", got)
	}
}

// write puts a file of the document into the reviewer's directory.
func (sh *shell) write(name, text string) {
	path := filepath.Join(sh.dir, "review", name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		sh.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		sh.t.Fatal(err)
	}
	if err := os.Chown(path, 60111, 60111); err != nil {
		sh.t.Fatal(err)
	}
}

// run types a command and returns what it prints. One that ends in "&" is a
// server: what it prints is what it says once it is ready.
func (sh *shell) run(s step) string {
	script := s.command
	background := strings.HasSuffix(script, "&")
	switch {
	case background:
		script = fmt.Sprintf(`%s >$DIR/server.out 2>$DIR/server.err & server=$!
until [ -s $DIR/server.out ] || ! kill -0 $server 2>/dev/null; do sleep 0.05; done
cat $DIR/server.out; kill -0 $server 2>/dev/null || cat $DIR/server.err`, strings.TrimSuffix(script, "&"))
	case s.user != "root":
		script = fmt.Sprintf("runuser -u %s -- bash --norc -c %s </dev/null", s.user, quote(script))
	}
	if _, err := fmt.Fprintf(sh.in, "%s\necho %s $?\n", script, endOfStep); err != nil {
		sh.t.Fatal(err)
	}
	var out strings.Builder
	for {
		line, err := sh.out.ReadString('\n')
		if err != nil {
			sh.t.Fatalf("%s: the shell has ended: %v\n%s", s.command, err, out.String())
		}
		before, status, ended := strings.Cut(line, endOfStep+" ")
		out.WriteString(before)
		if !ended {
			continue
		}
		if before != "" {
			out.WriteString("\n")
		}
		if status := strings.TrimSpace(status); status != "0" {
			out.WriteString("[exit status " + status + "]\n")
		}
		return out.String()
	}
}

// quote makes one word of the shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
