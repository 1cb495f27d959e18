package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rootgate-project/rootgate/policy"
	"github.com/rootgate-project/rootgate/policy/importer"
)

func (a *app) policyImport() *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "import",
		Short: "Make a policy of the allow-list of another program",
	})
	cmd.AddCommand(a.importRootwrap(), a.importSudoers())
	return cmd
}

// importFlags are those of all importers.
type importFlags struct {
	user, out, report string
	observe           []string
	unsafe            bool
}

func (f *importFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.out, "out", "", "write the files of the policy into `DIR`, where none of them stands yet")
	cmd.Flags().StringArrayVar(&f.observe, "observe", nil, "hold free arguments to the command lines of `FILE`, an audit log or {\"argv\": […]} a line")
	cmd.Flags().BoolVar(&f.unsafe, "include-unsafe", false, "write unsafe rules, too; the policy is then for reports")
	cmd.Flags().StringVar(&f.report, "report", "", "form of the report: text or json (default that of --output)")
}

const importRootwrapLong = `Make a policy of rootwrap filter files. PATH is a file of filters, a directory of
them, or a rootwrap.conf, whose filters_path is read.

Every line of the source becomes a rule or a stated refusal. It is exact; narrowed,
where the rule allows less than the line; or unsafe, where the line allows what
nobody meant: then the rule is a comment, with a command line that proves it. The
policy loads, and its tests pass. What its commands may do besides is the least
that their programs are known to need: look at the profiles.

Without --out the policy goes to standard output and the report to standard error.

Exit status: 0 when every line became a rule, 1 when some did not, 2 when the
source cannot be read.`

func (a *app) importRootwrap() *cobra.Command {
	var f importFlags
	cmd := &cobra.Command{
		Use:   "rootwrap [flags] PATH...",
		Short: "Make a policy of rootwrap filters",
		Long:  importRootwrapLong,
		Args:  arguments("PATH..."),
		RunE: func(cmd *cobra.Command, paths []string) error {
			sources, err := readFilters(paths)
			if err != nil {
				return &exit{status: statusUnreadable, err: err}
			}
			o, err := f.options(a.output)
			if err != nil {
				return &exit{status: statusUnreadable, err: err}
			}
			if o.Caller == "" {
				o.Caller = projectOf(paths[0])
			}
			if o.Caller == "" {
				return &exit{status: statusUnreadable, err: errors.New("who may run the commands? name the account with --user")}
			}
			r, err := importer.Rootwrap(cmd.Context(), sources, o)
			if err != nil {
				return &exit{status: statusUnreadable, err: err}
			}
			return a.imported(r, f)
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&f.user, "user", "", "`account` that may run the commands (default the project that PATH names, as in /etc/NAME/rootwrap.d)")
	return cmd
}

const importSudoersLong = `Make a policy of a sudoers file, which is text or the JSON of cvtsudoers -f json.
Text goes through cvtsudoers where that is installed; without it the common subset
is read.

What a policy has no words for is refused and said: passwords, hosts, sudoedit,
patterns of programs, and commands that are allowed by what they may not be.

The rest is as with import rootwrap.`

func (a *app) importSudoers() *cobra.Command {
	var f importFlags
	cmd := &cobra.Command{
		Use:   "sudoers [flags] FILE",
		Short: "Make a policy of a sudoers file",
		Long:  importSudoersLong,
		Args:  arguments("FILE"),
		RunE: func(cmd *cobra.Command, paths []string) error {
			o, err := f.options(a.output)
			if err != nil {
				return &exit{status: statusUnreadable, err: err}
			}
			data, err := readPolicyFile(paths[0])
			if err != nil {
				return &exit{status: statusUnreadable, err: err}
			}
			if data, err = convertSudoers(cmd.Context(), paths[0], data); err != nil {
				return &exit{status: statusUnreadable, err: err}
			}
			r, err := importer.Sudoers(cmd.Context(), importer.Source{Name: paths[0], Data: data}, o)
			if err != nil {
				return &exit{status: statusUnreadable, err: err}
			}
			return a.imported(r, f)
		},
	}
	f.add(cmd)
	return cmd
}

// options reads what the flags name. The report has the form output where they
// name none.
func (f *importFlags) options(output string) (importer.Options, error) {
	o := importer.Options{Caller: f.user, IncludeUnsafe: f.unsafe}
	f.report = cmp.Or(f.report, output)
	if f.report != "text" && f.report != "json" {
		return o, fmt.Errorf("--report is %q, expected text or json", f.report)
	}
	for _, name := range f.observe {
		data, err := readPolicyFile(name)
		if err != nil {
			return o, err
		}
		seen, err := importer.ReadObserved(importer.Source{Name: name, Data: data})
		if err != nil {
			return o, err
		}
		o.Observed = append(o.Observed, seen...)
	}
	return o, nil
}

// projectOf is the directory of /etc that a path of rootwrap stands in.
func projectOf(path string) string {
	parts := strings.Split(filepath.ToSlash(filepath.Clean(path)), "/")
	for i := len(parts) - 1; i > 0; i-- {
		if parts[i] == "rootwrap.d" || parts[i] == "rootwrap.conf" {
			return parts[i-1]
		}
	}
	return ""
}

// readFilters reads the filter files that paths stand for. Of a directory, every
// file that does not begin with a dot is one, as rootwrap has it, in the order
// of their names.
func readFilters(paths []string) ([]importer.Source, error) {
	var out []importer.Source
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if info.IsDir() {
			found, err := readFilterDir(path)
			if err != nil {
				return nil, err
			}
			out = append(out, found...)
			continue
		}
		data, err := readPolicyFile(path)
		if err != nil {
			return nil, err
		}
		src := importer.Source{Name: path, Data: data}
		if filepath.Ext(path) != ".conf" {
			out = append(out, src)
			continue
		}
		conf, err := importer.ParseConf(src)
		if err != nil {
			return nil, err
		}
		for _, dir := range conf.FiltersPath {
			found, err := readFilterDir(dir)
			if err != nil && !errors.Is(err, os.ErrNotExist) { // rootwrap passes over those
				return nil, err
			}
			out = append(out, found...)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no filter file in %s", strings.Join(paths, ", "))
	}
	return out, nil
}

func readFilterDir(dir string) ([]importer.Source, error) {
	entries, err := os.ReadDir(dir) // sorted
	if err != nil {
		return nil, err
	}
	var out []importer.Source
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		info, err := os.Stat(name)
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(e.Name(), ".") || !info.Mode().IsRegular() {
			continue
		}
		data, err := readPolicyFile(name)
		if err != nil {
			return nil, err
		}
		out = append(out, importer.Source{Name: name, Data: data})
	}
	return out, nil
}

// imported writes the policy and its report.
func (a *app) imported(r *importer.Result, f importFlags) error {
	report := a.stdout
	if f.out == "" {
		report = a.stderr
		for i, file := range r.Files {
			sep := "---\n"
			if i == 0 {
				sep = ""
			}
			if err := a.print("%s# %s\n%s", sep, file.Name, file.Data); err != nil {
				return err
			}
		}
	} else if err := writeNew(f.out, r.Files); err != nil {
		return &exit{status: statusUnreadable, err: err}
	}
	var err error
	if f.report == "json" {
		var data []byte
		if data, err = r.Report.JSON(); err == nil {
			err = wrote(report.Write(data))
		}
	} else {
		err = wrote(io.WriteString(report, printableLines(r.Report.String())))
	}
	if err == nil && r.Report.Count(importer.Unsafe)+r.Report.Count(importer.Refused) > 0 {
		return &exit{status: statusFindings}
	}
	return err
}

// writeNew writes files into a directory, which is made. A file that is there is
// never replaced: somebody may have worked on it.
func writeNew(dir string, files []policy.File) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // a policy is no secret: its callers may read it
		return err
	}
	for _, file := range files {
		f, err := os.OpenFile(filepath.Join(dir, file.Name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // as above
		if err != nil {
			return err
		}
		_, err = f.Write(file.Data)
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return nil
}
