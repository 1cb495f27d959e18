package argv

import (
	"errors"
	"fmt"
	goparser "go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// corpusProgram is the rules of one program with requests that they must
// accept and refuse. Test strings stand without argv[0].
type corpusProgram struct {
	name  string
	scope map[string]string
	rules []string
	allow []string
	deny  []string
}

const (
	uuidRe  = `[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`
	someNS  = "qdhcp-6b5f1cbe-6f2b-4a0c-9e50-0ce7a3e2f1aa"
	ipLines = `
[-o] [-d] [-4|-6] link show [dev <dev>] [up] [type (veth|vlan|vxlan|bridge|dummy)]
link set [dev] <dev> (up|down|mtu <mtu:int(68..9216)>|address <mac>|netns <ns>|alias <alias:str>)
link add [name] <dev> type veth peer name <peer:ifname> [netns <ns>]
link add [name] <dev> type vxlan id <vni:int(1..16777215)> {dev <lower:ifname> | group <g:ip> | ttl <ttl:int(1..255)> | local <l:ip>}
link (del|delete) [dev] <dev>
[-4|-6] addr (add|del) <a:cidr> [scope (global|link|host)] [brd <b:ip4>] dev <dev>
[-4|-6] addr show [dev <dev>] [permanent] [scope (global|link|host)]
[-4|-6] route (list|show) {dev <dev> | table <rt> | scope link | proto static}
[-4|-6] route (replace|add|del) (default|[to] <c:cidr>|[to] <h:ip>)
    {via <via:ip> | dev <dev> | table <rt> | metric <metric:int(0..4294967295)> | src <src:ip> | scope link | proto static}
[-4|-6] rule (add|del) {from <c:cidr> | iif <dev> | table <rt> | priority <prio:int(0..4294967295)> | type (unicast|blackhole|prohibit)}
[-4|-6] rule show
[-4|-6] neigh (replace|del) <h:ip> [lladdr <mac>] [nud permanent] dev <dev>
`
)

var netScope = map[string]string{
	"ns": `re((qrouter|qdhcp|snat|fip)-` + uuidRe + `)`, "dev": "ifname", "rt": "int(1..4294967295)",
}

// corpus is real command lines of network, storage and administration agents.
var corpus = []corpusProgram{
	{
		name: "ip", scope: netScope,
		rules: []string{ipLines, "netns (add|delete) <ns>\n[-o] netns list"},
		allow: []string{
			"link set dev qr-1234 up", "-4 route replace default via 10.0.0.1 dev qg-12 table 16", "-6 addr add fe80::1/64 scope link dev qr-1",
			"netns add " + someNS, "link set a mtu 1500", "link set dev a alias 'two words'", "-o -d -6 link show", "link show dev lo up type veth",
			"link add v type vxlan id 5 local 10.0.0.1 ttl 9 dev eth0", "link add v type vxlan id 5", "route add to 10.0.0.0/8 dev a", "-o netns list",
			"neigh del fe80::1 dev a", "link set dev dev up", "rule show", "link del dev a", "link del a",
		},
		deny: []string{
			"", "vrf exec default sh", "-n netns netns exec netns sh", "-b /tmp/x", "-batch /tmp/x", "-force -batch /etc/shadow", "link set dev lo xdp obj /tmp/e.o",
			"link set dev -x up", "link set dev a0123456789abcdef up", "-4 route replace default via 10.0.0.1 via 10.0.0.2", "netns add ../../x",
			"netns attach x 1", "netns add -a", "link set dev up", "link set dev a mtu 67", "link set dev a mtu 99999", "link set dev a mtu 068",
			"link set dev a up up", "link sho", "link", "-4 -6 link show", "-d -o link show", "link set dev a alias -x", "netns exec " + someNS + " id",
			"addr add 10.0.0.1 dev a", "route add default via 10.0.0.1\n", "'link set' dev a up", "link set 'dev a' up", "LINK show", "link show ''",
		},
	},
	{
		name: "sysctl", scope: netScope,
		rules: []string{"-w net.ipv4.(ip_forward=(0|1)|conf.<dev>.(arp_ignore|arp_announce|rp_filter|forwarding)=(0|1|2))\n-w net.ipv6.conf.<dev>.(forwarding|accept_ra|disable_ipv6)=(0|1|2)\n-b net.ipv4.ip_forward"},
		allow: []string{"-w net.ipv4.conf.all.arp_ignore=1", "-w net.ipv4.ip_forward=1", "-w net.ipv6.conf.eth0.100.forwarding=2", "-b net.ipv4.ip_forward"},
		deny: []string{
			"-w kernel.core_pattern=|/tmp/x", "-n /../../etc/shadow", "-w net.ipv4.conf.a/../x=1", "-w net.ipv4.ip_forward=2", "-w net.ipv4.conf..forwarding=1",
			"-w net.ipv4.conf.-a.forwarding=1", "net.ipv4.ip_forward=1", "-w net.ipv4.ip_forward=1 kernel.core_pattern=x",
		},
	},
	{
		name:  "arping",
		scope: netScope,
		rules: []string{`(-A|-U) -I <dev> -c <n:int(1..10)> -w <secs:re([0-9]{1,2}(\.[0-9])?)> <h:ip4>`},
		allow: []string{"-A -I eth0 -c 3 -w 1.5 10.0.0.1"},
		deny:  []string{"-A -I eth0 -c 11 -w 1.5 10.0.0.1", "-A -I eth0 -c 3 -w 1.55 10.0.0.1", "-A -U -I eth0 -c 3 -w 1 10.0.0.1", "-A -I eth0 -c 3 -w 1 010.0.0.1"},
	},
	{
		name:  "conntrack",
		rules: []string{"-D [-f (ipv4|ipv6)] {-d <d:ip> | -s <s:ip> | -q <q:ip> | -p (tcp|udp|icmp|icmpv6) | --dport <p:int(1..65535)> | -w <zone:int(0..65535)>}"},
		allow: []string{"-D -f ipv4 -p tcp -d 10.0.0.3", "-D -d 10.0.0.3 -p tcp", "-D", "-D --dport 80 -w 0 -s ::1"},
		deny:  []string{"-D -o xml -f x", "-D -f ipv4 -f ipv6", "-D -p tcp -p udp", "-D --dport=80", "-D --dp 80", "-L"},
	},
	{
		name:  "haproxy",
		scope: map[string]string{"cfg": "path(/var/lib/neutron)"},
		rules: []string{"-f <cfg>"},
		allow: []string{"-f /var/lib/neutron/ns-metadata-proxy/a.conf"},
		deny: []string{
			"-f /tmp/evil.cfg", "-f /var/lib/neutron/../../../tmp/e", "-f -x", "-f /var/lib/neutron", "-f /var/lib/neutron-evil/x", "-f var/lib/neutron/x",
			"-C /tmp -f /var/lib/neutron/x", "-f /var/lib/neutron/x -- /tmp/y", "-f/var/lib/neutron/x",
		},
	},
	{
		name: "dnsmasq",
		scope: map[string]string{
			"dev": "ifname", "f": "path(/var/lib/neutron/dhcp)", "tag": "re(subnet-" + uuidRe + ")", "d": `re([a-z0-9]([a-z0-9.-]{0,60}[a-z0-9])?)`,
		},
		rules: []string{`
--no-hosts (--no-resolv|'') --pid-file=<f> --dhcp-hostsfile=<f> --addn-hosts=<f> --dhcp-optsfile=<f> --dhcp-leasefile=<f>
    --dhcp-match=set:ipxe,175 --dhcp-userclass=set:ipxe6,iPXE --local-service --bind-dynamic
    [--bridge-interface=<dev>,tap*]
    [--dhcp-range=set:<tag>,<net:ip>,static,(<mask:ip4>|<plen:int(64..128)>),(infinite|<s:int(1..4294967295)>s)]...
    [--dhcp-option-force=option:mtu,<mtu:int(68..65535)>] --dhcp-lease-max=<max:int(0..16777216)>
    [--dhcp-option-force=option:(T1|T2),<s:int(1..4294967295)>s]...
    --conf-file=[/etc/neutron/dnsmasq.conf] [--server=<srv:ip>]... --domain=<d>`},
		allow: []string{"--no-hosts '' --pid-file=/var/lib/neutron/dhcp/x/pid --dhcp-hostsfile=/var/lib/neutron/dhcp/x/host --addn-hosts=/var/lib/neutron/dhcp/x/ah --dhcp-optsfile=/var/lib/neutron/dhcp/x/opts --dhcp-leasefile=/var/lib/neutron/dhcp/x/leases --dhcp-match=set:ipxe,175 --dhcp-userclass=set:ipxe6,iPXE --local-service --bind-dynamic --dhcp-range=set:subnet-6b5f1cbe-6f2b-4a0c-9e50-0ce7a3e2f1aa,10.0.0.0,static,255.255.255.0,86400s --dhcp-lease-max=256 --conf-file= --domain=openstacklocal"},
		deny: []string{
			"--conf-script=/tmp/x", "--no-hosts --dhcp-script=/tmp/x",
			"--no-hosts '' --pid-file=/var/lib/neutron/dhcp/x/pid --dhcp-hostsfile=/var/lib/neutron/dhcp/x/host --addn-hosts=/var/lib/neutron/dhcp/x/ah --dhcp-optsfile=/var/lib/neutron/dhcp/x/opts --dhcp-leasefile=/var/lib/neutron/dhcp/x/leases --dhcp-match=set:ipxe,175 --dhcp-userclass=set:ipxe6,iPXE --local-service --bind-dynamic --dhcp-lease-max=256 --conf-file=/tmp/x --domain=openstacklocal",
		},
	},
	{
		name: "keepalived", scope: map[string]string{"f": "path(/var/lib/neutron/ha_confs)"},
		rules: []string{"-P -f <f> -p <f> -r <f> [-D]"},
		allow: []string{"-P -f /var/lib/neutron/ha_confs/a/keepalived.conf -p /var/lib/neutron/ha_confs/a.pid -r /var/lib/neutron/ha_confs/a.pid-vrrp"},
		deny:  []string{"-P -f /tmp/x -p /a -r /b"},
	},
	{
		name:  "iptables-restore",
		rules: []string{"-n [-w <w:int(1..60)> [-W <us:int(1..999999)>]]"},
		allow: []string{"-n", "-n -w 5", "-n -w 60 -W 999999"},
		deny:  []string{"", "-n -W 5", "-n -w 61", "-n -w", "-n -w5", "-n --wait 5", "-n --modprobe=/tmp/x", "-n -w 5 /tmp/rules"},
	},
	{
		name:  "iptables-save",
		rules: []string{"[-t (raw|mangle|nat|filter)]"},
		allow: []string{"-t filter", ""},
		deny:  []string{"-f /etc/cron.d/x", "-M /tmp/x", "-t", "-t evil", "-tfilter"},
	},
	{
		name: "kill", scope: map[string]string{"pid": "int(2..4194304)"},
		rules: []string{"(-9|-HUP|-15) <pid>"},
		allow: []string{"-9 1234"},
		deny:  []string{"-9 -1", "-9 0", "-9 1", "-9 12 13", "12", "-HUP -- 12", "-9 4194305"},
	},
	{
		name:  "sleep",
		rules: []string{"<n:int(0..3600)>"},
		allow: []string{"5", "0"},
		deny:  []string{"'5\n'", "infinity", "5s", "'5 '", "05"},
	},
	{
		name: "privsep-helper", scope: map[string]string{"c": "path(/etc/neutron,/usr/share/neutron)"},
		rules: []string{"(--config-file <c>)... [--config-dir <c>]... --privsep_context neutron.privileged.(default|dhcp_release|link|namespace|conntrack)\n    --privsep_sock_path /tmp/<t:re([A-Za-z0-9_]{1,32})>/privsep.sock"},
		allow: []string{
			"--config-file /etc/neutron/neutron.conf --privsep_context neutron.privileged.default --privsep_sock_path /tmp/tmpab/privsep.sock",
			"--config-file /etc/neutron/a --config-file /usr/share/neutron/b --config-dir /etc/neutron/c --privsep_context neutron.privileged.link --privsep_sock_path /tmp/t/privsep.sock",
		},
		deny: []string{
			"--config-file /etc/neutron/../../tmp/evil.conf --privsep_context neutron.privileged.default --privsep_sock_path /tmp/tmpab/privsep.sock",
			"--config-file /etc/neutron/a.conf --privsep_context os.system --privsep_sock_path /tmp/tmpab/privsep.sock",
			"--privsep_context neutron.privileged.default --privsep_sock_path /tmp/tmpab/privsep.sock",
			"--config-file /etc/neutron/a --privsep_context neutron.privileged.default --privsep_sock_path /tmp/../privsep.sock",
		},
	},
	{
		name:  "tc",
		scope: netScope,
		rules: []string{`
qdisc replace dev <dev> root tbf rate <r:int(1..100000000)>kbit latency <l:re([0-9]{1,6}(\.[0-9]{1,3})?)>ms burst <r:int(1..100000000)>kbit
qdisc add dev <dev> ingress handle <h:re([0-9a-f]{1,4}:)>
qdisc del dev <dev> (root|ingress)
qdisc show dev <dev>
filter show dev <dev> parent <h:re([0-9a-f]{1,4}:)>
filter add dev <dev> parent <h:re([0-9a-f]{1,4}:)> protocol all prio <p:int(1..65535)> basic police rate <r:int(1..100000000)>kbit
    burst <r:int(1..100000000)>kbit mtu <m:int(68..65535)> drop`},
		allow: []string{"qdisc replace dev tap1 root tbf rate 1000kbit latency 50ms burst 800kbit", "qdisc del dev tap1 root"},
		deny:  []string{"-batch /tmp/x", "qdisc show dev a dev b", "qdisc del dev tap1 root extra", "qdisc replace dev tap1 root tbf rate 0kbit latency 50ms burst 800kbit"},
	},
	{
		name: "ovs-ofctl", scope: map[string]string{"br": "re(br-[a-z0-9-]{1,12})"},
		rules: []string{"(dump-flows|show|dump-ports) -O OpenFlow(10|13|14) <br> [table=<t:int(0..254)>]\n(add-flows|mod-flows|del-flows) -O OpenFlow(10|13|14) <br> -\nmonitor <br> watch: --monitor"},
		allow: []string{"add-flows -O OpenFlow10 br-int -", "show -O OpenFlow14 br-int table=254", "monitor br-x watch: --monitor"},
		deny:  []string{"snoop /tmp/x", "add-flows br-int /etc/shadow", "add-flows tcp:1.2.3.4 -", "show -O OpenFlow11 br-int", "show -O OpenFlow(10|13|14) br-int"},
	},
	{
		name:  "vtysh",
		rules: []string{"--vty_socket /run/frr -c 'show running-config'\n--vty_socket /run/frr [--dryrun] -f <c:path(/var/lib/neutron/frr)>"},
		allow: []string{"--vty_socket /run/frr -c 'show running-config'", "--vty_socket /run/frr --dryrun -f /var/lib/neutron/frr/x"},
		deny:  []string{"--vty_socket /run/frr -c 'start-shell bash'", "--vty_socket /run/frr -c show running-config"},
	},
	{
		name: "blockdev", scope: map[string]string{"dev": "path(/dev)"},
		rules: []string{"(--getsize64|--flushbufs) <dev>"},
		allow: []string{"--getsize64 /dev/sda"},
		deny:  []string{"--getsize64 /dev/../etc/shadow", "--setrw /dev/sda", "--flushbufs /dev/", "--getsize64 /dev/./sda", "--getsize64 /dev/sda /dev/sdb"},
	},
	{
		name: "lvs", scope: map[string]string{"cols": "re([a-z_]{1,20}(,[a-z_]{1,20}){0,9})", "vg": "re([A-Za-z0-9+_.][A-Za-z0-9+_.-]{0,126})"},
		rules: []string{"--noheadings --unit=g -o <cols> [--separator (:|'|')] [--nosuffix] [<vg>[/<vg>]]"},
		allow: []string{"--noheadings --unit=g -o vg_name,name,size --separator : --nosuffix cinder-volumes", "--noheadings --unit=g -o size cinder-volumes/volume-1", "--noheadings --unit=g -o size --separator |"},
		deny:  []string{"--config global/x=1", "--profile /tmp/x", "--noheadings --unit=g -o size a/b/c", "--noheadings --unit=g -o size -- a"},
	},
	{
		name: "dd", scope: map[string]string{"d": "path(/dev/mapper,/var/lib/cinder)"},
		rules: []string{"if=<d> of=<d> count=<n:int(1..1000000000)> bs=<n:int(1..9999)>[k|M|G] {iflag=direct | oflag=direct | conv=(fdatasync|sparse|fdatasync,sparse)}"},
		allow: []string{"if=/dev/mapper/a of=/dev/mapper/b count=1 bs=1M oflag=direct", "if=/dev/mapper/a of=/var/lib/cinder/b count=1 bs=512 conv=fdatasync,sparse iflag=direct"},
		deny:  []string{"if=/etc/shadow of=/dev/mapper/b count=1 bs=1M", "of=/dev/mapper/b if=/dev/mapper/a count=1 bs=1M", "if=/dev/mapper/a of=/dev/mapper/../sda count=1 bs=1M", "if=/dev/mapper/a of=/dev/mapper/b count=1 bs=1MM"},
	},
	{
		name: "find", scope: map[string]string{"root": "path(/var/lib/cinder/mnt)"},
		rules: []string{"<root> -maxdepth <n:int(1..9)> -ignore_readdir_race -inum <i:int(1..9223372036854775807)> -print0 -quit"},
		allow: []string{"/var/lib/cinder/mnt/x -maxdepth 1 -ignore_readdir_race -inum 2 -print0 -quit"},
		deny:  []string{"-delete -maxdepth 1 -ignore_readdir_race -inum 2 -print0 -quit", "/ -maxdepth 1 -ignore_readdir_race -inum 2 -print0 -quit"},
	},
	{
		name:  "cat",
		rules: []string{"/var/log/messages[.<n:int(1..99)>]"},
		allow: []string{"/var/log/messages", "/var/log/messages.1"},
		deny:  []string{"/var/log/messages /etc/shadow", "/var/log/messages/../../../etc/shadow", "/var/log/messages.", "/var/log/messages.01"},
	},
	{
		name: "passwd", scope: map[string]string{"u": "re([a-z_][a-z0-9_]{0,31})"},
		rules: []string{"<u>"}, allow: []string{"alice"}, deny: []string{"-d root", "", "-d", "alice bob"},
	},
	{
		name:  "systemctl",
		rules: []string{"--no-pager (restart|reload|status) nginx.service"},
		allow: []string{"--no-pager reload nginx.service"},
		deny:  []string{"status nginx.service", "--no-pager -H x status nginx.service", "edit nginx.service", "--no-pager start|stop nginx.service", "--no-pager restart --evil nginx.service"},
	},
	{
		name:  "journalctl",
		rules: []string{"--no-pager -u nginx.service {-n <n:int(1..10000)> | --since <t:re(-?[0-9]{1,3}[hmd]|today|yesterday)> | -o (short|json)}"},
		allow: []string{"--no-pager -u nginx.service -n 50 -o json", "--no-pager -u nginx.service --since 2h"},
		deny:  []string{"-u nginx", "--no-pager -u nginx.service --file=/etc/shadow", "--no-pager -u nginx.service --since -2h"},
	},
	{
		name: "rsync", scope: map[string]string{"src": "path(/srv,/home)"},
		rules: []string{"--server --sender -<flags:re([vlogDtprReiLsfxCIu.]{1,24})> . <src>[/]"},
		allow: []string{"--server --sender -vlogDtpre.iLsfxCIvu . /srv/data/", "--server --sender -v . /home/x"},
		deny: []string{
			"--server --sender -e sh . /srv/x", "--server . /srv/x", "--server --sender -vre.iLs --log-file=/etc/cron.d/x . /srv/a", "--server --sender -v . /srv",
			"--server --sender --rsh=x . /srv/a", "--server --sender -v . /srv/a//",
		},
	},
	{
		name:  "install",
		rules: []string{"-m 0644 -T /dev/stdin /etc/(motd|issue|hosts)"},
		allow: []string{"-m 0644 -T /dev/stdin /etc/motd"},
		deny:  []string{"-m 4755 -T /dev/stdin /etc/motd", "-m 0644 -T /dev/stdin /etc/shadow", "-m 0644 -T /dev/stdin /etc/motd /etc/shadow"},
	},
}

// compile builds the matcher of a corpus program.
func (p *corpusProgram) compile(t testing.TB) (*Matcher, []Rule) {
	t.Helper()
	scope := Scope{}
	for name, notation := range p.scope {
		scope[name] = mustType(t, notation)
	}
	var rules []Rule
	for _, src := range p.rules {
		rules = append(rules, Rule{Lines: mustParse(t, src, scope).Lines})
	}
	m, err := Compile(rules, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return m, rules
}

func mustSplit(t testing.TB, s string) []string {
	t.Helper()
	toks, err := SplitTest(s)
	if err != nil {
		t.Fatalf("SplitTest(%q): %v", s, err)
	}
	return toks
}

func TestCorpus(t *testing.T) {
	for _, p := range corpus {
		t.Run(p.name, func(t *testing.T) {
			m, rules := p.compile(t)
			t.Logf("%d words, %d lexer states, %d classes, %d token states",
				len(m.lex.preds), m.lex.dfa.states(), len(m.lex.masks), m.dfa.states())
			for _, s := range p.allow {
				args := mustSplit(t, s)
				refs := m.Match(args, nil)
				if len(refs) == 0 {
					t.Errorf("%q is refused: %+v", s, m.Explain(args, nil))
				}
				for _, ref := range refs {
					if _, err := m.Captures(ref, args); err != nil {
						t.Errorf("%q: %v: %v", s, ref, err)
					}
				}
			}
			for _, s := range p.deny {
				args := mustSplit(t, s)
				if refs := m.Match(args, nil); len(refs) > 0 {
					t.Errorf("%q is accepted by %v", s, refs)
				}
				if f := m.Explain(args, nil); len(f.Expected) == 0 || len(f.Nearest) == 0 {
					t.Errorf("%q: no explanation: %+v", s, f)
				}
			}
			for r, rule := range rules {
				for l := range rule.Lines {
					if _, err := m.Captures(LineRef{r, l + 1}, []string{"\x00"}); !errors.Is(err, ErrNoMatch) {
						t.Errorf("captures of a refused request: got %v", err)
					}
				}
			}
		})
	}
}

func TestCaptures(t *testing.T) {
	scope := map[string]string{"dev": "ifname", "src": "path(/srv)"}
	tests := []struct {
		rule, args string
		want       string // name=value@arg[start:end] ..., or the error
	}{
		{"link set [dev] <dev> mtu <n:int(1..9)>", "link set dev a mtu 5", "dev=a@3[0:1] n=5@5[0:1]"},
		{"link set [dev] <dev> up", "link set dev dev up", "dev=dev@3[0:3]"},
		{"rate <r:int(1..999)>kbit", "rate 12kbit", "r=12@1[0:2]"},
		{"-w net.conf.<dev>.x=(0|<n:int(1..9)>)", "-w net.conf.eth0.1.x=7", "dev=eth0.1@1[9:15] n=7@1[18:19]"},
		{"-w net.conf.<dev>.x=(0|<n:int(1..9)>)", "-w net.conf.é.x=7", "none"},
		{"é<dev>[=<n:int(1..9)>]", "éa=3", "dev=a@0[2:3] n=3@0[4:5]"},
		{"<src>[/] <a:str>", "/srv/é/ x", "src=/srv/é@0[0:7] a=x@1[0:1]"},
		{"<vg:re([a-z]+)>[/<lv:re([a-z]+)>]", "a/b", "vg=a@0[0:1] lv=b@0[2:3]"},
		{"<vg:re([a-z]+)>[/<lv:re([a-z]+)>]", "ab", "vg=ab@0[0:2]"},
		{"<n:int(1..9)>...", "1 2 3", "n=1@0[0:1] n=2@1[0:1] n=3@2[0:1]"},
		{"{a <n:int(1..9)>|b <m:int(1..9)>}", "b 2 a 1", "m=2@1[0:1] n=1@3[0:1]"},
		{"()", "", ""},
		{"a b", "a b", ""},
		{"a b", "a", "none"},
		{"x<a:re(y*)>", "x", "a=@0[1:1]"},
		// Two readings that differ in a value, in a name, in a type: refused.
		{"<a:re([a-z]+)><b:re([a-z]+)>", "xyz", "ambiguous"},
		{"<a:re([a-z]+)><b:re([a-z]+)>", "xy", "a=x@0[0:1] b=y@0[1:2]"},
		{"(<a:ip4>|<b:str>)", "1.2.3.4", "ambiguous"},
		{"(<a:ip4>|<b:str>)", "host", "b=host@0[0:4]"},
		{"(<a:ip4>|<a:str>)", "1.2.3.4", "ambiguous"},
		{"(<a:ip4>|<a:str>) x", "1.2.3.4 y", "none"},
		{"x(<a:ip4>|<b:str>)", "x1.2.3.4", "ambiguous"},
		{"[<a:str>] [<b:str>]", "x", "ambiguous"},
		{"[<a:str>] [<b:str>]", "x y", "a=x@0[0:1] b=y@1[0:1]"},
		{"{<a:ip4>|<b:int(1..9)>|<c:str>}", "5 1.2.3.4", "ambiguous"},
		{"{<a:ip4>|<b:int(1..9)>|<c:str>}", "5 1.2.3.4 x", "b=5@0[0:1] a=1.2.3.4@1[0:7] c=x@2[0:1]"},
		// Two readings that do not differ for a guard.
		{"(<a:ip4> x|<a:ip4> y)", "1.2.3.4 y", "a=1.2.3.4@0[0:7]"},
		{"[<a:str>] (x|y)[z]", "q yz", "a=q@0[0:1]"},
		{"x(<a:int(1..9)>|<a:int(1..9)>[k])", "x5", "a=5@0[1:2]"},
		{"[<a:int(1..9)>] [<a:int(1..9)>]", "5", "a=5@0[0:1]"},
		{"k[<a:re(x*)>|<b:re(y*)>]", "k", "ambiguous"},
		{"<a:re(.+)><b:re(.+)>", strings.Repeat("x", 4096), "ambiguous"},
		{"<a:re(x+)><b:re(x{1,999})>", strings.Repeat("x", 4096), "ambiguous"},
		{"(<a:re(a+)>|<b:re(a)><c:re(a)>)", "aa", "ambiguous"},
		{"x(<a:re(a+)>|<b:re(a)><c:re(a)>)", "xaa", "ambiguous"},
		{"x(<a:re(a+)>|<b:re(a)><c:re(a)>)", "xaaa", "a=aaa@0[1:4]"},
		{"<a:re(.+)>:<b:re(.+)>:<c:re(.+)>", strings.Repeat("x", 2000) + ":y:z", fmt.Sprintf("a=%s@0[0:2000] b=y@0[2001:2002] c=z@0[2003:2004]", strings.Repeat("x", 2000))},
		// A keyword is never a value, in no line of its rule.
		{"link set [dev] <dev> up\nlink set up", "link set up up", "none"},
		{"<a:str>\nb", "b", "none"},
		{"<a:str>\nb", "c", "a=c@0[0:1]"},
	}
	for _, tt := range tests {
		t.Run(tt.rule+"  "+firstRunes(tt.args, 20), func(t *testing.T) {
			p := corpusProgram{scope: scope, rules: []string{tt.rule}}
			m, _ := p.compile(t)
			args := mustSplit(t, tt.args)
			caps, err := m.Captures(LineRef{0, 1}, args)
			var parts []string
			for _, c := range caps {
				if args[c.Arg][c.Start:c.End] != c.Value || !c.Type.Accepts(c.Value) {
					t.Errorf("inconsistent capture %+v", c)
				}
				parts = append(parts, fmt.Sprintf("%s=%s@%d[%d:%d]", c.Name, c.Value, c.Arg, c.Start, c.End))
			}
			got := strings.Join(parts, " ")
			if errors.Is(err, ErrNoMatch) {
				got = "none"
			} else if errors.Is(err, ErrAmbiguous) {
				got = "ambiguous"
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
			matches := slices.Contains(m.Match(args, nil), LineRef{0, 1})
			if matches != (got != "none") {
				t.Errorf("Match says %v", matches)
			}
		})
	}
}

func TestMatchEdges(t *testing.T) {
	p := corpusProgram{rules: []string{"[<a:re(.*)>]...", "x", "x\n[x]"}}
	m, _ := p.compile(t)
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"nothing", nil, "[{0 1} {2 2}]"},
		{"three lines of three rules", []string{"x"}, "[{0 1} {1 1} {2 1} {2 2}]"},
		{"63 arguments", slices.Repeat([]string{"a"}, 63), "[{0 1}]"},
		{"64 arguments", slices.Repeat([]string{"a"}, 64), "[]"},
		{"4 KiB", []string{strings.Repeat("a", 4096)}, "[{0 1}]"},
		{"over 4 KiB", []string{strings.Repeat("a", 4097)}, "[]"},
		{"over 32 KiB", slices.Repeat([]string{strings.Repeat("a", 4096)}, 9), "[]"},
		{"NUL", []string{"\x00"}, "[]"},
		{"newline", []string{"x\n"}, "[]"},
		{"invalid UTF-8", []string{"\xff"}, "[]"},
		{"truncated UTF-8", []string{"\xe2\x82"}, "[]"},
		{"replacement character", []string{"\ufffd"}, "[{0 1}]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := fmt.Sprint(m.Match(tt.args, nil)); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
	for _, ref := range []LineRef{{}, {-1, 1}, {3, 1}, {0, 2}, {0, 0}} {
		if _, err := m.Captures(ref, nil); !errors.Is(err, ErrNoMatch) {
			t.Errorf("captures of %v: got %v", ref, err)
		}
	}
	if _, err := m.Captures(LineRef{0, 1}, slices.Repeat([]string{"a"}, 64)); !errors.Is(err, ErrNoMatch) {
		t.Errorf("captures of 64 arguments: got %v", err)
	}
}

// TestZeroMatcher: no rules, or no matcher, accept nothing.
func TestZeroMatcher(t *testing.T) {
	empty, err := Compile(nil, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	lineless, err := Compile([]Rule{{}}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range []*Matcher{nil, {}, empty, lineless} {
		for _, args := range [][]string{nil, {""}, {"a"}} {
			_, err := m.Captures(LineRef{0, 1}, args)
			if got := m.Match(args, nil); len(got) > 0 || !errors.Is(err, ErrNoMatch) {
				t.Errorf("matcher %d: %q: got %v, %v", i, args, got, err)
			}
			if f := m.Explain(args, nil); i < 3 && f.Code != CodeNoRule {
				t.Errorf("matcher %d: got %+v", i, f)
			}
		}
	}
}

// TestForeignLines: a line that Parse did not make is no line.
func TestForeignLines(t *testing.T) {
	for _, l := range []*Line{nil, {}, {Number: 1, Source: "a"}} {
		if m, err := Compile([]Rule{{Lines: []*Line{l}}}, Limits{}); err == nil || m != nil {
			t.Errorf("%v: got %v, %v", l, m, err)
		}
	}
}

// TestImports: the grammar is pure. It needs the standard library and no part
// of it that reaches the system.
func TestImports(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) < 20 {
		t.Fatalf("got %q, %v", files, err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := goparser.ParseFile(token.NewFileSet(), name, nil, goparser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range f.Imports {
			path := strings.Trim(spec.Path.Value, `"`)
			if path == "net/netip" { // parses and prints addresses, and knows no socket
				continue
			}
			if strings.Contains(path, ".") || slices.Contains([]string{"os", "time", "net", "syscall", "unsafe", "io", "log"}, strings.Split(path, "/")[0]) {
				t.Errorf("%s imports %s", name, path)
			}
		}
	}
}
