package policy

import (
	"maps"
	"strings"
	"testing"
	"time"
)

// TestWrapperUses: a wrapper does what its program would, and whatever it does
// not understand is refused: no line has to have kept it away.
func TestWrapperUses(t *testing.T) {
	for _, tt := range []struct {
		name string
		wrap Wrapper
		args string // split at commas; empty: none
		want command
		bad  Reason // empty: understood
	}{
		{name: "netns", wrap: WrapNetns, args: "netns,exec,a", want: command{netns: "a", wrapped: true}},
		{name: "netns of nothing", wrap: WrapNetns, bad: ReasonInnerNotAllowed},
		{name: "another object", wrap: WrapNetns, args: "link,exec,a", bad: ReasonInnerNotAllowed},
		{name: "another command", wrap: WrapNetns, args: "netns,add,a", bad: ReasonInnerNotAllowed},
		{name: "no name", wrap: WrapNetns, args: "netns,exec,", bad: ReasonInnerNotAllowed},
		{name: "two names", wrap: WrapNetns, args: "netns,exec,a,b", bad: ReasonInnerNotAllowed},

		{name: "ionice", wrap: WrapIonice, want: command{effect: Effect{IOPriority: 2<<13 | 4}}},
		{name: "ionice none", wrap: WrapIonice, args: "-c,0", want: command{}},
		{name: "ionice idle", wrap: WrapIonice, args: "-c3", want: command{effect: Effect{IOPriority: 3<<13 | 7}}},
		{name: "ionice highest", wrap: WrapIonice, args: "-n,0", want: command{effect: Effect{IOPriority: 2 << 13}}},
		{name: "ionice lowest", wrap: WrapIonice, args: "-c,1,-n7", want: command{effect: Effect{IOPriority: 1<<13 | 7}}},
		{name: "ionice class too high", wrap: WrapIonice, args: "-c4", bad: ReasonInnerNotAllowed},
		{name: "ionice class too low", wrap: WrapIonice, args: "-c-1", bad: ReasonInnerNotAllowed},
		{name: "ionice level too high", wrap: WrapIonice, args: "-n8", bad: ReasonInnerNotAllowed},
		{name: "ionice level too low", wrap: WrapIonice, args: "-n-1", bad: ReasonInnerNotAllowed},
		{name: "ionice no number", wrap: WrapIonice, args: "-n,x", bad: ReasonInnerNotAllowed},
		{name: "ionice class no number", wrap: WrapIonice, args: "-c,x", bad: ReasonInnerNotAllowed},
		{name: "ionice another option", wrap: WrapIonice, args: "-p1", bad: ReasonInnerNotAllowed},
		{name: "ionice no value", wrap: WrapIonice, args: "-c", bad: ReasonInnerNotAllowed},
		{name: "ionice empty", wrap: WrapIonice, args: "-c3,,", bad: ReasonInnerNotAllowed},

		{name: "nice", wrap: WrapNice, want: command{effect: Effect{Nice: 10}}},
		{name: "nice apart", wrap: WrapNice, args: "-n,5", want: command{effect: Effect{Nice: 5}}},
		{name: "nice together", wrap: WrapNice, args: "-n5", want: command{effect: Effect{Nice: 5}}},
		{name: "nice long", wrap: WrapNice, args: "--adjustment=-3", want: command{effect: Effect{Nice: -3}}},
		{name: "nice to the end", wrap: WrapNice, args: "-n,40", want: command{effect: Effect{Nice: 19}}},
		{name: "nice to the start", wrap: WrapNice, args: "-n,-40", want: command{effect: Effect{Nice: -20}}},
		{name: "nice another option", wrap: WrapNice, args: "-x5", bad: ReasonInnerNotAllowed},
		{name: "nice no number", wrap: WrapNice, args: "-n,x", bad: ReasonInnerNotAllowed},
		{name: "nice of three", wrap: WrapNice, args: "-n,1,2", bad: ReasonInnerNotAllowed},

		{name: "env", wrap: WrapEnv, args: "A=b=c,D=", want: command{env: map[string]string{"A": "b=c", "D": ""}}},
		{name: "env no assignment", wrap: WrapEnv, args: "A", bad: ReasonInnerNotAllowed},
		{name: "env no name", wrap: WrapEnv, args: "1=b", bad: ReasonInnerNotAllowed},
		{name: "env twice", wrap: WrapEnv, args: "A=b,A=b", bad: ReasonEnvNotAllowed},

		{name: "timeout", wrap: WrapTimeout, args: "2", want: command{effect: Effect{Limits: Limits{Wall: 2 * time.Second}}}},
		{name: "timeout seconds", wrap: WrapTimeout, args: "0.5s", want: command{effect: Effect{Limits: Limits{Wall: time.Second / 2}}}},
		{name: "timeout minutes", wrap: WrapTimeout, args: "3m", want: command{effect: Effect{Limits: Limits{Wall: 3 * time.Minute}}}},
		{name: "timeout hours", wrap: WrapTimeout, args: "1h", want: command{effect: Effect{Limits: Limits{Wall: time.Hour}}}},
		{name: "timeout days", wrap: WrapTimeout, args: "1d", want: command{effect: Effect{Limits: Limits{Wall: 24 * time.Hour}}}},
		{name: "timeout above the limit", wrap: WrapTimeout, args: "9999999d", want: command{effect: Effect{Limits: Limits{Wall: 48 * time.Hour}}}},
		{name: "timeout of nothing", wrap: WrapTimeout, args: "0", want: command{effect: Effect{Limits: Limits{Wall: 48 * time.Hour}}}},
		{name: "timeout of a nanosecond", wrap: WrapTimeout, args: "0.000000001", want: command{effect: Effect{Limits: Limits{Wall: 1}}}},
		{name: "timeout missing", wrap: WrapTimeout, bad: ReasonInnerNotAllowed},
		{name: "timeout of two", wrap: WrapTimeout, args: "1,2", bad: ReasonInnerNotAllowed},
		{name: "timeout empty", wrap: WrapTimeout, args: ",", bad: ReasonInnerNotAllowed},
		{name: "timeout too long", wrap: WrapTimeout, args: "10000000", bad: ReasonInnerNotAllowed},
		{name: "timeout negative", wrap: WrapTimeout, args: "-1", bad: ReasonInnerNotAllowed},
		{name: "timeout infinite", wrap: WrapTimeout, args: "inf", bad: ReasonInnerNotAllowed},
		{name: "timeout with an exponent", wrap: WrapTimeout, args: "1e3", bad: ReasonInnerNotAllowed},
		{name: "timeout of a unit", wrap: WrapTimeout, args: "s", bad: ReasonInnerNotAllowed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var args []string
			if tt.args != "" {
				args = strings.Split(tt.args, ",")
			}
			if tt.args == "," {
				args = []string{""}
			}
			var c command
			if tt.wrap == WrapTimeout {
				c.effect.Limits.Wall = 48 * time.Hour
			}
			d := wrappers[tt.wrap].apply(args, &c)
			if tt.bad != "" {
				if d == nil || d.Reason != tt.bad || d.ArgvIndex != -1 {
					t.Errorf("got %+v, want %s", d, tt.bad)
				}
				return
			}
			if d != nil {
				t.Fatalf("refused: %s", d.Message)
			}
			if c.netns != tt.want.netns || c.wrapped != tt.want.wrapped || !maps.Equal(c.env, tt.want.env) ||
				c.effect.IOPriority != tt.want.effect.IOPriority || c.effect.Nice != tt.want.effect.Nice ||
				c.effect.Limits.Wall != tt.want.effect.Limits.Wall {
				t.Errorf("got %+v", c)
			}
		})
	}
}

// TestWrapperTwice: what the request says already, no wrapper says again.
func TestWrapperTwice(t *testing.T) {
	c := &command{netns: "a", env: map[string]string{"A": "b"}}
	if d := enterNetns([]string{"netns", "exec", "a"}, c); d == nil || d.Reason != ReasonNetnsNotAllowed {
		t.Errorf("namespace: got %+v", d)
	}
	if d := setEnv([]string{"A=b"}, c); d == nil || d.Reason != ReasonEnvNotAllowed {
		t.Errorf("variable: got %+v", d)
	}
	given := c.env
	if d := setEnv([]string{"C=d"}, c); d != nil || len(given) != 1 || len(c.env) != 2 {
		t.Errorf("got %v, and the request's variables are %v now", c.env, given)
	}
}
