package policy

import (
	"path"
	"strings"
	"sync"

	"github.com/rootgate-project/rootgate/policy/argv"
)

// abbreviated returns the keywords of a program that accepts abbreviations of
// them, and nil for every other program. They are a program's by its basename.
func abbreviated(program string) *argv.Keywords { return abbreviating()[path.Base(program)] }

// abbreviating are the programs that accept abbreviated keywords, from the
// usage texts of iproute2 6.1. A word too many refuses a value; a word too few
// admits one that the program reads as a keyword.
var abbreviating = sync.OnceValue(func() map[string]*argv.Keywords {
	out := make(map[string]*argv.Keywords)
	for name, words := range map[string][2]string{
		"ip":      {ipWords, "dev name alias label table master iif oif type lladdr mtu metric scope proto protocol priority pref preference realms parentdev altname"},
		"tc":      {tcWords, "dev parent handle classid flowid rate ceil burst protocol pref clockid"},
		"bridge":  {bridgeWords, "dev brport port grp vid"},
		"rtmon":   {rtmonWords, "file"},
		"dcb":     {dcbWords, "dev"},
		"devlink": {devlinkWords, "name"},
	} {
		out[name] = &argv.Keywords{Words: strings.Fields(words[0]), Valued: strings.Fields(words[1])}
	}
	return out
})

const ipWords = `
acquire action active active-backup active_slave ad ad_actor_system add add_addr_accepted addr
address addrgenmode addrlabel adj-transport advmss aead aevent af-unspec afstats ageing ageing_time
ah alias align4 all all-nsid allmulticast allocspi allow allow-localremote altname amt any anycast
anycast_delay app_probes append arp arp_ip_target attach auth auth-trunc auto autojoin backup
backup_port balance-alb balance-rr balance-tlb balance-xor bandwidth bareudp base_reachable batadv
batch bcast_flood bcqueuelen beet better bit blackhole block bond bond_slave boot both brd bridge
bridge_binding bridge_slave broadcast bucket buckets byte-hard byte-soft bytes change check cipher
clear_active_slave coa code comp conduit congctl connected cookie cost count cpu_hit csum csum-mode
ctx cwnd dadfailed data datagram dead decap-dscp default del delay delay_probe delete deleteall
deprecated dev df dir disable disabled discovery dont-encap-dscp down downdelay dport dsa dscp dst
dstport dummy dynamic ecn egress enable enc encap encap-csum encap-dport encap-remcsum encap-sport
encaplimit encodingsa encrypt end_station endpoint erspan erspan_dir erspan_hwid erspan_ver esn esp
espintcp espinudp espinudp-nonike ethertype eui64 exec expire expires extern_learn external
extra-flag failure fast fastleave fastopen_no_cookie fdb fdb_flush features ff fibmatch file filter
filter_active filter_backup flag flavors flood flowlabel flush follow forever forward_delay fou
fragment from fullmesh fwd fwmark gateway gateway_port gbp gc_int gc_stale gcm-aes-128 gcm-aes-256
gcm-aes-xpn-128 gcm-aes-xpn-256 geneve get getdefault ggsn global goto gpe gre gretap gro_max_size
group group_address groups gso_max_segs gso_max_size gtp guard gvrp hairpin hao hello_time help high
hmac home hoplimit hsize hsr hthresh4 hthresh6 hw_stats_info hwid icmp icvlen id ident-type identify
idle_timer if_id ifb ignore-df iif ila in in_trigger incomplete index inet inet6 ingress inherit
initcwnd initrwnd inline innerprotoinherit ioam ioam6 ip ip6 ip6erspan ip6gre ip6gretap ip6ip ip6ip6
ip6tnl ipip ipip6 ipoib ipvlan ipvtap isatap isolated kernel key l2 l2encap l2miss l2spec_type l2tp
l3 l3_stats l3mdev l3miss l3s label lacp_active lacp_rate layer2 learning level limit limits link
link-netns link_dev linkid list list-id lladdr loc loc_match local localok locked locktime
loose_binding low lst luid mac macaddr macsec macvlan macvtap maddr maddress main managed mark mask
master match max_age max_tunnels max_tx_rate maxaddress mcast mcast_fast_leave mcast_flood
mcast_last_member_count mcast_last_member_interval mcast_membership_interval mcast_probes
mcast_querier_interval mcast_query_response_interval mcast_query_use_ifaddr
mcast_startup_query_count mcast_startup_query_interval mcast_to_unicast medium metric miimon min
min_tx_rate mngtmpaddr mode monitor mpath mpls mplsip mptcp mroute mrule mtu multi_queue multicast
multiproto mux_id mvrp name nat neigh neigh_suppress neighbor neighbour netconf netdevsim netns
neutral-map neutral-map-auto next-csid nexthop nf_call_iptables nh4 nh6 nhid nlmon no no-action
noarp nobackup nobackup_port nodad node_guid nodst noecn noencap nofullmesh nokeys nomaster
noprefixroute nopromisc nosock ns ns_ip6_target nsid ntable ntbl nud null num_grat_arp num_unsol_na
numrxqueues numtxqueues off offload oif on one_queue onlink order oseq-may-wrap out output-mark
packet-hard packet-soft parentdev passthru peer peer_cookie peer_port permanent pervasive phy pi
pids pinned pkey port port_guid prealloc pref preference preferred_lft primary priority private prl
prl-default prl-delete prl-nodefault probe program prohibit promisc property protect proto protocol
protodown protodown_reason proxy proxy_arp proxy_arp_wifi proxy_delay proxy_queue psp ptype qlen qos
query_rss queue queue_id quickack ra random rate reachable realms recv relay relay_port remcsumrx
remcsumtx remote reorder_hdr reordering replace replay replay-oseq replay-oseq-hi replay-seq
replay-seq-hi replay-window report reqid required resilient restore retrans rmnet ro role root
root_block route route2 router rpl rsc rto_min rtt rttvar rule rx sa save scb schema sci scope
secondary section seg6 seg6local segs sel send_sci seq session_id set setdefault sgsn sha1 sha256
show showdump signal sit size slave slave1 slave2 slow source spi spoofchk sport sr src srcport
srcportmin srh ssthresh stable stable_secret stale state static stats stp stp_state strict sub
subflow subflows subgroup suite supervision suppress_ifgroup suppress_prefixlength table tap
target-nsid tclass tcp tcp_metrics tcpmetrics team team_slave temporary tentative tfcpad thresh1
thresh2 thresh3 throw time-hard time-soft time-use-hard time-use-soft tmpl to token tos trailers
transport trust ttl ttl-propagate tun tunnel tunnel_id tunsrc tuntap tx txqlen txqueuelen type
ucast_probes udp udp6_csum_rx udp6_csum_tx udp6zerocsumrx udp6zerocsumtx udp_csum udp_dport
udp_sport udpcsum uid uidrange umcast unbalanced_timer unicast unreachable unset up update updelay
use use-format user usp valid_lft validate vcan vepa verbose veth vf via virt_wifi vlan
vlan_filtering vlan_tunnel vnet_hdr vnifilter vrf vrftable vti vxcan vxlan weight where wide
wildrecv window wwan xdp xdpdrv xdpgeneric xdpoffload xfrm xpn xstats xstats_slave`

const tcWords = `
ack-filter ack-filter-aggressive act action actions adaptive add addend addr admit_bytes all allot
alpha arp_op arp_sha arp_sip arp_tha arp_tip atm autorate-ingress avpkt avrate bands bandwidth
base-time baseclass batch besteffort beta bfifo bit block bos bounded buckets burst bw_rlimit
bytecode bytecode-file bytemode bytes cake cap cbq cburst ce_threshold ce_threshold_selector ceil
cell cf chain change channel choke class classid classifier clear clockid close clsact cmd cmp code
codel commit conform-exceed connmark conservative continue control corrupt cpmark csum ct ct_label
ct_mark ct_state ct_zone ctinfo cvlan_ethtype cvlan_id cvlan_prio cycle-time cycle-time-ext data
datacentre db dcb deadline_mode debug decode decrement default default_index definite defmap del
delay delayed delete delta depth dev diffserv3 diffserv4 diffserv8 direct direct-action direct_qlen
direction disabled distribution divisor dmac dmax dq_rate_estimator drop drop_batch drr dscp dsmark
dst dst_ip dst_mac dst_port dsthost dual-dsthost dual-srchost duplicate early_drop ecn ecn_prob
egress egress_block enc_dst_ip enc_dst_port enc_key_id enc_src_ip enc_tos enc_ttl erspan_opts
estimator etf ets etype evict_timeout ewma exceed exec export fall_through field fifo file filter
flags flow_limit flowblind flowid flowlabel flows flush fq fq_codel fq_pie from fromif fw fwmark
gact gap gate gemodel geneve_opts get goto graft gred grio gtp_opts handle harddrop hash hashkey hdr
headdrop help hfsc hh_limit hhf horizon hosts ht htb hw_stats icmpv6 id idle ife iif immediate
import in increment indev index indices ingress ingress_block inheritdsfield initial_quantum input
internet interplanetary inv invert invisible ip ip4h ip6 ip_flags ip_proto ip_tos ip_ttl ipproto ipt
ipv4 ipv6 isolated jump kernel key keys label lan latency limit list loss low_rate_threshold ls lse
lt m1 m2 mac mac_push map mapping mark mask match max max_rate maxburst maxpkt maxrate memlimit
memory_limit metro min min_rate mirred mirror mode monitor mpls_bos mpls_label mpls_mc mpls_tc
mpls_ttl mpls_uc mqprio multiq multiqueue munge name nat netem netrand network new next nexthdr nfct
nfct-dst nfct-proto-dst nfct-proto-src nfct-src no-ack-filter no-split-gso no_dq_rate_estimator
noatm nobytemode nocsum nodrop noecn non_hh_weight nonat nowash num_of_vlans num_tc object-file
object-pinned oceanic octets off offmask offset on one orphan_mask overhead pacing packet packets
parent pass_on peakrate pedit penalty_burst penalty_rate perturb pfifo pfifo_fast pfifo_head_drop
pie pinned pkts_burst pkts_rate plug police pop pop_eth port pppoe_sid pref prio priomap priority
probability program proto proto-dst proto-src protocol ptm ptype push qdisc qevent qfq quanta
quantum queue queue_mapping queues r2q random rate raw reclassify red redflowlimit redirect
refill_delay regional rehash rel release release_indefinite reorder replace reply reset_timeout
retain root rpl rshift rsvp rt rt-classid rtmetrics rtt run rxhash sample satellite sc sched-entry
sdata section sender serve session set set_tc_index setup sfb sfq sh shaper shift show simple size
sk-gid sk-uid skbedit skbmod skip slope slot smac sndbuf split split-gso src src_ip src_mac src_port
srchost stab start state statemask strict swap taprio target tbf tc tcindex tcp tcp_flags time
timer_slack to trans triple-isolate trk trunc try ttl tunnel tunnel_key tunnelid tupdate
txtime-delay type u16 u32 u8 umax unknown unlimited unset use verbose vlan vlan-tag vlan_ethtype
vlan_id vlan_prio vq vqs vxlan_opts wash weight where xor xt zone`

const bridgeWords = `
add added_by_user all append backup_port batch bcast_flood bridge brport cost delete deleted dev dst
dynamic extern_learn fastleave fdb file flood flush get global grp guard hairpin help hwmode id
isolated learning learning_sync link local locked master mcast_flood mcast_last_member_count
mcast_last_member_interval mcast_membership_interval mcast_querier_interval
mcast_query_response_interval mcast_startup_query_count mcast_startup_query_interval
mcast_to_unicast mdb mode monitor name neigh_suppress nhid nobackup_port off offloaded on permanent
port priority pvid replace root_block self set show src src_vni state static sticky temp to
tunnel_info tunnelshow untagged use veb vepa via vid vlan vlan_tunnel vni where`

const rtmonWords = `
address all file help inet inet6 ip link neigh route rule`

const dcbWords = `
add all app batch bit buffer buffer-size cbs cee dcbx default-prio del delay dev dgram-port-prio
dscp-prio ethtype-prio ets ets-cap flush force help host iec ieee indications json kernel
lld-managed macsec-bypass maxrate none off on pfc pfc-cap pg-bw port-prio pretty prio-buffer
prio-pfc prio-tc reco-prio-tc reco-tc-bw reco-tc-tsa replace requests set show static statistics
stream-port-prio strict tc tc-bw tc-maxrate tc-tsa total-size vendor where willing`

const devlinkWords = `
action active add address all auto auto_dump auto_recover basic batch bind burst cell_size clear
clearmax cmode command component controller count del dev devlink diagnose dpipe driver_reinit
driverinit drop dump dynamic egress encap-mode eswitch eth ets false file flash force function
fw_activate grace_period group header health help hex hw_addr ib id iec inactive info ingress
inline-mode json kernel leaf legacy length limit link list mirror mode monitor name netdev network
new no-nice-names no_reset node noparent nopolicer notype occupancy on param parent path pcipf pcisf
permanent pfnum policer pool port pretty rate recover region reload reporter resource run runtime sb
selftests set sfnum show size snapshot split state static statistics switchdev table tc test thtype
to transport trap trap-group trap-policer true tx_max tx_share type unsplit verbose`
