package importer

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// sudoName is one name of a list in the JSON of cvtsudoers: exactly one of its
// keys is there.
type sudoName struct {
	Username  string `json:"username"`
	UserID    *int64 `json:"userid"`
	Group     string `json:"usergroup"`
	GroupID   *int64 `json:"usergid"`
	Netgroup  string `json:"netgroup"`
	Hostname  string `json:"hostname"`
	Alias     string `json:"useralias"`
	HostAlias string `json:"hostalias"`
	RunAlias  string `json:"runasalias"`
	CmndAlias string `json:"cmndalias"`
	Command   string `json:"command"`
	SHA224    string `json:"sha224"`
	SHA256    string `json:"sha256"`
	SHA384    string `json:"sha384"`
	SHA512    string `json:"sha512"`
	Negated   bool   `json:"negated"`
}

// sudoFile is the JSON of cvtsudoers.
type sudoFile struct {
	UserAliases  map[string][]sudoName `json:"User_Aliases"`
	RunasAliases map[string][]sudoName `json:"Runas_Aliases"`
	HostAliases  map[string][]sudoName `json:"Host_Aliases"`
	CmndAliases  map[string][]sudoName `json:"Command_Aliases"`
	Specs        []struct {
		Users []sudoName `json:"User_List"`
		Hosts []sudoName `json:"Host_List"`
		Cmnds []struct {
			RunasUsers  []sudoName                   `json:"runasusers"`
			RunasGroups []sudoName                   `json:"runasgroups"`
			Options     []map[string]json.RawMessage `json:"Options"`
			Commands    []sudoName                   `json:"Commands"`
		} `json:"Cmnd_Specs"`
	} `json:"User_Specs"`
}

// sudoersJSON reads the JSON of cvtsudoers.
func sudoersJSON(src Source) ([]sudoSpec, error) {
	var f sudoFile
	if err := json.Unmarshal(src.Data, &f); err != nil {
		return nil, fmt.Errorf("%s: %w", src.Name, err)
	}
	var out []sudoSpec
	for i, s := range f.Specs {
		users := expandNames(f.UserAliases, s.Users)
		hosts := expandNames(f.HostAliases, s.Hosts)
		for _, c := range s.Cmnds {
			spec := sudoSpec{
				pos: Position{src.Name, i + 1}, users: textsOf(users), hosts: textsOf(hosts),
				runAs: textsOf(expandNames(f.RunasAliases, c.RunasUsers)), tags: tagsOf(c.Options),
			}
			spec.source = fmt.Sprintf("%s %s = (%s) %s", strings.Join(spec.users, ", "), strings.Join(spec.hosts, ", "),
				strings.Join(spec.runAs, ", "), strings.Join(spec.tags, " "))
			if groups := textsOf(c.RunasGroups); len(groups) > 0 && !slices.Equal(groups, []string{"%ALL"}) && !slices.Equal(groups, []string{"ALL"}) {
				spec.refused = "it names a group to run as; say it with run: {group: …}"
			}
			for _, n := range expandNames(f.CmndAliases, c.Commands) {
				one := spec
				one.command, one.digest = n.text(), n.digest()
				if out = append(out, one); len(out) > maxSpecs {
					return out, nil
				}
			}
		}
	}
	return out, nil
}

// expandNames writes aliases out, at most eight deep.
func expandNames(aliases map[string][]sudoName, list []sudoName) []sudoName {
	for range 8 {
		var next []sudoName
		again := false
		for _, n := range list {
			alias := n.Alias + n.HostAlias + n.RunAlias + n.CmndAlias
			members, ok := aliases[alias]
			if alias == "" || !ok || n.Negated {
				if next = append(next, n); len(next) > maxSpecs {
					return next
				}
				continue
			}
			next, again = append(next, members...), true
		}
		if list = next; !again {
			break
		}
	}
	return list
}

func textsOf(names []sudoName) []string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = n.text()
	}
	return out
}

// text is the name as the text of a sudoers file has it.
func (n sudoName) text() string {
	s := ""
	switch {
	case n.UserID != nil:
		s = fmt.Sprintf("#%d", *n.UserID)
	case n.Group != "":
		s = "%" + n.Group
	case n.GroupID != nil:
		s = fmt.Sprintf("%%#%d", *n.GroupID)
	case n.Netgroup != "":
		s = "+" + n.Netgroup
	default:
		s = n.Username + n.Hostname + n.Command + n.Alias + n.HostAlias + n.RunAlias + n.CmndAlias
	}
	if n.Negated {
		return "!" + s
	}
	return s
}

func (n sudoName) digest() string {
	switch {
	case n.SHA256 != "":
		return "sha256:" + n.SHA256
	case n.SHA224+n.SHA384+n.SHA512 != "":
		return "another"
	}
	return ""
}

// tagsOf reads options that are there and true, or false.
func tagsOf(options []map[string]json.RawMessage) []string {
	names := map[string][2]string{
		"authenticate": {"NOPASSWD", "PASSWD"}, "setenv": {"NOSETENV", "SETENV"}, "noexec": {"EXEC", "NOEXEC"},
	}
	var out []string
	for _, o := range options {
		for key, value := range o {
			tag, ok := names[key]
			switch {
			case !ok:
				out = append(out, strings.ToUpper(key))
			case string(value) == "true":
				out = append(out, tag[1])
			default:
				out = append(out, tag[0])
			}
		}
	}
	slices.Sort(out)
	return out
}
