package vet

import (
	"net/url"
	"path"
	"slices"

	"github.com/rootgate-project/rootgate/policy"
)

// The parts of SARIF 2.1.0 (OASIS, 2020) that a report needs.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name  string      `json:"name"`
		Rules []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID string `json:"id"`
	}
	sarifResult struct {
		RuleID     string          `json:"ruleId"`
		RuleIndex  int             `json:"ruleIndex"`
		Level      string          `json:"level"`
		Message    sarifMessage    `json:"message"`
		Locations  []sarifLocation `json:"locations,omitempty"`
		Properties *sarifBag       `json:"properties,omitempty"`
	}
	sarifMessage struct {
		Text string `json:"text"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn,omitempty"`
	}
	sarifBag struct {
		Rule    string   `json:"rule,omitempty"`
		Witness []string `json:"witness,omitempty"`
	}
)

// SARIF returns the findings as a SARIF 2.1.0 log of one run, indented.
func (r Report) SARIF() ([]byte, error) {
	run := sarifRun{
		Tool:       sarifTool{sarifDriver{Name: "rootgate policy vet", Rules: []sarifRule{}}},
		ColumnKind: "unicodeCodePoints", // a rune is one
		Results:    []sarifResult{},
	}
	var ids []string
	for _, f := range r.Findings {
		ids = append(ids, f.ID)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	for _, id := range ids {
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{id})
	}
	for _, f := range r.Findings {
		index, _ := slices.BinarySearch(ids, f.ID)
		run.Results = append(run.Results, newSARIFResult(f, index))
	}
	return indented(sarifLog{
		Schema:  "https://json.schemastore.org/sarif-2.1.0.json",
		Version: "2.1.0",
		Runs:    []sarifRun{run},
	})
}

func newSARIFResult(f policy.Finding, index int) sarifResult {
	out := sarifResult{RuleID: f.ID, RuleIndex: index, Level: sarifLevel(f.Severity), Message: sarifMessage{message(f)}}
	if f.File != "" {
		place := sarifPhysical{Artifact: sarifArtifact{fileURI(f.File)}}
		if f.Line > 0 {
			place.Region = &sarifRegion{f.Line, f.Column}
		}
		out.Locations = []sarifLocation{{place}}
	}
	if f.Rule != "" || len(f.Witness) > 0 {
		out.Properties = &sarifBag{string(f.Rule), f.Witness}
	}
	return out
}

func sarifLevel(s policy.Severity) string {
	switch s {
	case policy.SeverityWarning:
		return "warning"
	case policy.SeverityNote:
		return "note"
	case policy.SeverityError:
	}
	return "error"
}

// fileURI returns a file's name as a URI reference, which code review resolves
// against the repository.
func fileURI(name string) string {
	u := url.URL{Path: name}
	if path.IsAbs(name) {
		u.Scheme = "file"
	}
	return u.String()
}
