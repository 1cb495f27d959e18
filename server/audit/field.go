package audit

import "strconv"

// key and the functions below write a field, with a comma where one is needed.
func (e *encoder) key(name string) {
	e.comma()
	e.b = append(e.b, '"')
	e.b = append(e.b, name...)
	e.b = append(e.b, '"', ':')
}

func (e *encoder) comma() {
	if c := e.b[len(e.b)-1]; c != '{' && c != '[' {
		e.b = append(e.b, ',')
	}
}

func (e *encoder) uint(name string, v uint64) {
	if v != 0 {
		e.key(name)
		e.b = strconv.AppendUint(e.b, v, 10)
	}
}

func (e *encoder) int(name string, v int64) {
	if v != 0 {
		e.key(name)
		e.b = strconv.AppendInt(e.b, v, 10)
	}
}

func (e *encoder) bool(name string, v bool) {
	if v {
		e.key(name)
		e.b = append(e.b, "true"...)
	}
}

func (e *encoder) str(name, s string, limit int) {
	if s == "" {
		return
	}
	e.key(name)
	start := len(e.b)
	var taken int
	if e.b, taken = appendQuoted(e.b, s, limit); taken == len(s) {
		return
	}
	e.b, _ = appendQuoted(e.b[:start], s, limit-len(ellipsis))
	e.b = append(append(e.b[:len(e.b)-1], ellipsis...), '"')
}

// list writes strings of at most limit bytes in all, as JSON. A last element "…"
// says that there were more.
func (e *encoder) list(name string, ss []string, limit int) {
	if len(ss) == 0 {
		return
	}
	e.key(name)
	e.b = append(e.b, '[')
	end := len(e.b) + limit - len(`,"`+ellipsis+`"`)
	for _, s := range ss {
		mark := len(e.b)
		e.comma()
		var taken int
		e.b, taken = appendQuoted(e.b, s, max(0, end-len(e.b)))
		if taken < len(s) || len(e.b) > end {
			e.b = e.b[:mark]
			e.comma()
			e.b = append(e.b, `"`+ellipsis+`"`...)
			break
		}
	}
	e.b = append(e.b, ']')
}
