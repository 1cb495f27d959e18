package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// checker recomputes the chain from the bytes of the log. It knows nothing of the
// encoder: a fault there must not be repeated here.
type checker struct {
	prev     [sha256.Size]byte // hash of the record before
	next     uint64            // sequence number to come
	anchored bool              // prev and next are known
}

// newChecker starts before the first record of a log.
func newChecker() checker { return checker{next: 1, anchored: true} }

// header is what the chain and the accounting of INTENTs need of a record.
type header struct {
	Seq         uint64  `json:"seq"`
	Type        string  `json:"type"`
	ExecutionID string  `json:"execution_id"`
	Caller      *Caller `json:"caller"`
	Rule        string  `json:"rule"`
	hash        [sha256.Size]byte
}

const (
	hashKey  = `,"h":"`
	hashEnd  = `"}`
	hashTail = len(hashKey) + 2*sha256.Size + len(hashEnd)
)

// splitHash separates the bytes that are hashed from the hash. The spelling is
// fixed to the byte, so that no change of it goes unseen.
func splitHash(line []byte) (body []byte, hash [sha256.Size]byte, ok bool) {
	at := len(line) - hashTail
	if at < 0 {
		return nil, hash, false
	}
	digits, found := bytes.CutPrefix(line[at:], []byte(hashKey))
	if !found || string(digits[2*sha256.Size:]) != hashEnd {
		return nil, hash, false
	}
	digits = digits[:2*sha256.Size]
	if _, err := hex.Decode(hash[:], digits); err != nil || bytes.ContainsAny(digits, "ABCDEF") {
		return nil, hash, false
	}
	return line[:at], hash, true
}

// line checks one line. A Break comes without File and Line. After one the checker
// goes on from what the line says, so that a change is one break or two, not one a
// line.
func (c *checker) line(line []byte) (header, *Break) {
	var h header
	body, hash, ok := splitHash(line)
	if !ok {
		return h, &Break{Kind: BreakLine, Seq: c.next, Detail: "line does not end in a hash"}
	}
	sum := sha256.New()
	sum.Write(c.prev[:])
	sum.Write(body)
	var want [sha256.Size]byte
	sum.Sum(want[:0])

	wantSeq, anchored := c.next, c.anchored
	c.prev, c.next, c.anchored = hash, c.next+1, true
	if err := json.Unmarshal(line, &h); err != nil {
		return header{}, &Break{Kind: BreakLine, Seq: wantSeq, Detail: err.Error()}
	}
	h.hash = hash
	c.next = h.Seq + 1
	if !anchored {
		return h, nil
	}
	if h.Seq == wantSeq && want == hash {
		return h, nil
	}
	kind := BreakHash
	if h.Seq != wantSeq {
		kind = BreakSeq
	}
	return h, &Break{
		Kind: kind, Seq: h.Seq, ExpectedSeq: wantSeq,
		ExpectedHash: hex.EncodeToString(want[:]), FoundHash: hex.EncodeToString(hash[:]),
	}
}
