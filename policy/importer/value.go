package importer

import (
	"fmt"
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// kind is what a token looks like. Words are kept as they are.
type kind string

const (
	kindWord kind = "word"
	kindInt  kind = "int"
	kindIP4  kind = "ip4"
	kindIP6  kind = "ip6"
	kindCIDR kind = "cidr"
	kindMAC  kind = "mac"
	kindUUID kind = "uuid"
	kindPath kind = "path"
	kindName kind = "name"
)

const uuidRE = `[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`

var (
	isInt  = regexp.MustCompile(`^(0|[1-9][0-9]{0,17})$`)
	isMAC  = regexp.MustCompile(`^[0-9a-f]{2}(:[0-9a-f]{2}){5}$`)
	isUUID = regexp.MustCompile(`^` + uuidRE + `$`)
	// isName is the name of a device, a bridge or a set, told from a word of the
	// program's own by the digit in it.
	isName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.@:-]{0,14}$`)
	uuids  = regexp.MustCompile(uuidRE)
)

// kindOf tells what a token looks like.
func kindOf(tok string) kind {
	switch {
	case isInt.MatchString(tok):
		return kindInt
	case isMAC.MatchString(tok):
		return kindMAC
	case isUUID.MatchString(tok):
		return kindUUID
	}
	if a, err := netip.ParseAddr(tok); err == nil && a.Zone() == "" {
		if a.Is4() {
			return kindIP4
		}
		return kindIP6
	}
	if _, err := netip.ParsePrefix(tok); err == nil {
		return kindCIDR
	}
	if dir := path.Dir(tok); path.Clean(tok) == tok && path.IsAbs(tok) && dir != "/" && isRoot(dir) && isPlain(tok) {
		return kindPath
	}
	if isName.MatchString(tok) && strings.ContainsAny(tok, "0123456789") && !strings.HasSuffix(tok, ":") {
		return kindName
	}
	return kindWord
}

// part is a piece of a token: text, or a value of a kind.
type part struct {
	kind kind // kindWord: text
	text string
}

// assignment is an option or a setting with its value.
var assignment = regexp.MustCompile(`^(-{0,2}[A-Za-z][A-Za-z0-9_.-]*=)(.+)$`)

// partsOf cuts a token into text and values.
func partsOf(tok string) []part {
	if k := kindOf(tok); k != kindWord {
		return []part{{k, tok}}
	}
	if m := assignment.FindStringSubmatch(tok); m != nil && !strings.ContainsAny(m[2], "=") {
		if k := kindOf(m[2]); k != kindWord {
			return []part{{kindWord, m[1]}, {k, m[2]}}
		}
	}
	// An id stands in many names.
	if !strings.Contains(tok, "/") && !strings.HasPrefix(tok, "-") {
		if at := uuids.FindStringIndex(tok); at != nil {
			out := []part{}
			if at[0] > 0 {
				out = append(out, part{kindWord, tok[:at[0]]})
			}
			out = append(out, part{kindUUID, tok[at[0]:at[1]]})
			if at[1] < len(tok) {
				out = append(out, part{kindWord, tok[at[1]:]})
			}
			return out
		}
	}
	return []part{{kindWord, tok}}
}

// typeOf writes the type of a kind that accepts all of values, or "" when there
// is none.
func typeOf(k kind, values []string) string {
	switch k {
	case kindInt:
		most := int64(0)
		for _, v := range values {
			n, err := strconv.ParseInt(v, 10, 64)
			if err != nil {
				return ""
			}
			most = max(most, n)
		}
		for _, limit := range []int64{65535, 4294967295, 1<<63 - 1} {
			if most <= limit {
				return fmt.Sprintf("int(0..%d)", limit)
			}
		}
	case kindUUID:
		return "re(" + uuidRE + ")"
	case kindPath:
		return pathType(values)
	case kindName:
		return "ifname"
	case kindIP4, kindIP6, kindCIDR, kindMAC:
		return string(k)
	case kindWord:
	}
	return ""
}

// maxRoots bounds the directories of one path.
const maxRoots = 8

// pathType is a path below the directories that hold the values: their common
// one, unless that is at the top of the file system.
func pathType(values []string) string {
	var dirs []string
	for _, v := range values {
		dirs = append(dirs, path.Dir(v))
	}
	slices.Sort(dirs)
	dirs = slices.Compact(dirs)
	common := dirs[0]
	for _, d := range dirs[1:] {
		for common != "/" && d != common && !strings.HasPrefix(d, common+"/") {
			common = path.Dir(common)
		}
	}
	if strings.Count(common, "/") > 1 || len(dirs) == 1 {
		return "path(" + common + ")"
	}
	if len(dirs) > maxRoots {
		return ""
	}
	return "path(" + strings.Join(dirs, ",") + ")"
}
