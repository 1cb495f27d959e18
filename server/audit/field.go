package audit

import "strconv"

// The functions here write a field, with a comma where one is needed. key is the
// name as it stands in the log: `"seq":`.

func appendKey(b []byte, key string) []byte { return append(comma(b), key...) }

func comma(b []byte) []byte {
	if c := b[len(b)-1]; c != '{' && c != '[' {
		b = append(b, ',')
	}
	return b
}

func appendUint(b []byte, key string, v uint64) []byte {
	if v == 0 {
		return b
	}
	return strconv.AppendUint(appendKey(b, key), v, 10)
}

func appendInt(b []byte, key string, v int64) []byte {
	if v == 0 {
		return b
	}
	return strconv.AppendInt(appendKey(b, key), v, 10)
}

func appendBool(b []byte, key string, v bool) []byte {
	if !v {
		return b
	}
	return append(appendKey(b, key), "true"...)
}

// appendStr writes a string of at most limit bytes as JSON. One that was cut ends
// in "…".
func appendStr(b []byte, key, s string, limit int) []byte {
	if s == "" {
		return b
	}
	b = appendKey(b, key)
	start := len(b)
	b, taken := appendQuoted(b, s, limit)
	if taken == len(s) {
		return b
	}
	b, _ = appendQuoted(b[:start], s, limit-len(ellipsis))
	return append(append(b[:len(b)-1], ellipsis...), '"')
}

// appendList writes strings of at most limit bytes in all, as JSON. A last element
// "…" says that there were more.
func appendList(b []byte, key string, ss []string, limit int) []byte {
	if len(ss) == 0 {
		return b
	}
	b = append(appendKey(b, key), '[')
	end := len(b) + limit - len(`,"`+ellipsis+`"`)
	for _, s := range ss {
		mark := len(b)
		var taken int
		b = comma(b)
		b, taken = appendQuoted(b, s, max(0, end-len(b)))
		if taken < len(s) || len(b) > end {
			b = append(comma(b[:mark]), `"`+ellipsis+`"`...)
			break
		}
	}
	return append(b, ']')
}
