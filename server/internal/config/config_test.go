package config

import (
	"strings"
	"testing"
)

func TestRead(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"minimal", "version: 1\n", ""},
		{"all", "version: 1\nsocket: {path: /run/a/s, group: g}\nadmin_group: ops\npolicy: [/a, /b]\naudit: {dir: /c, class: write, min_free: 0}\n" +
			"run_user: u\nlimits: {connections: 1, connections_per_uid: 1, running: 1, running_per_uid: 1, queue: 0, rate: 1}\n" +
			"log: {level: debug, format: json}\nreflection: false\nrequire: [so_peerpidfd]\n", ""},
		{"empty", "", "version: found 0, expected 1"},
		{"unknown key", "version: 1\nsockets: {}\n", "sockets"},
		{"unknown inner key", "version: 1\nlimits: {runing: 1}\n", "runing"},
		{"duplicate key", "version: 1\nversion: 1\n", "version"},
		{"wrong type", "version: 1\nlimits: {rate: many}\n", "many"},
		{"second document", "version: 1\n---\nversion: 1\n", "more than one document"},
		{"version", "version: 2\n", "version: found 2, expected 1"},
		{"zero limit", "version: 1\nlimits: {running: 0}\n", "limits.running: found 0, expected at least 1"},
		{"negative queue", "version: 1\nlimits: {queue: -1}\n", "limits.queue: found -1, expected at least 0"},
		{"relative socket", "version: 1\nsocket: {path: s}\n", `socket.path: "s" is not an absolute, clean path`},
		{"long socket", "version: 1\nsocket: {path: /" + strings.Repeat("a", 107) + "}\n", "108 bytes long"},
		{"policy empty", "version: 1\npolicy: []\n", "policy: no directory"},
		{"class", "version: 1\naudit: {class: none}\n", `audit.class: found "none"`},
		{"level", "version: 1\nlog: {level: loud}\n", "log.level"},
		{"too large", "version: 1\n" + strings.Repeat("#", MaxSize), "larger than 1 MiB"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Read(strings.NewReader(tt.in), "rootgate.yaml")
			if tt.want == "" {
				if err != nil {
					t.Fatalf("Read: %v, want no error", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.HasPrefix(err.Error(), "rootgate.yaml: ") {
				t.Errorf("Read: %v, want an error of rootgate.yaml that contains %q", err, tt.want)
			}
			if len(c.Policy) != 0 {
				t.Error("Read returned a configuration together with an error")
			}
		})
	}
}

func TestReadKeepsDefaults(t *testing.T) {
	c, err := Read(strings.NewReader("version: 1\nlimits: {rate: 7}\n"), "f")
	if err != nil {
		t.Fatal(err)
	}
	if c.Limits.Rate != 7 || c.Limits.Running != Default().Limits.Running || !c.Reflection {
		t.Errorf("got %+v, want the defaults with rate 7", c)
	}
}

func TestDefaultIsValid(t *testing.T) {
	if err := Default().Check(); err != nil {
		t.Error(err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("version: 1\nlimits: {rate: 7}\n")
	f.Add("version: 1\na: &a [*a]\n")
	f.Fuzz(func(t *testing.T, in string) {
		c, err := Read(strings.NewReader(in), "f")
		if err == nil && c.Check() != nil {
			t.Errorf("Read accepted what Check refuses: %v", c.Check())
		}
	})
}
