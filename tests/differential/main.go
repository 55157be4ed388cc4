// Compares postern's reading and writing of text pages with prometheus/common's expfmt.
//
//	differential REWRITE PAGES MUTANTS
//
// Every .prom page of the folder PAGES, and MUTANTS broken variants of them, go through the program REWRITE
// (rewrite.cpp). expfmt must read the same in a page and in postern's output: families, types, help texts,
// labels, values to the bit, timestamps. A page that postern accepts and expfmt refuses must leave postern
// unchanged. postern may refuse a page that expfmt accepts only if Prometheus' own parser, or its scrape
// loop, refuses it too.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

// Pages that Prometheus refuses and expfmt accepts, by the text of postern's error.
var refused = []string{
	"the page contains no samples",
	"a help text in UTF-8",
	"counter, gauge, histogram, summary or untyped",
	"a NUL byte, which ends the page",
	"a metric name after",
	"a unique label",
}

type rewriter struct {
	in  io.Writer
	out *bufio.Reader
}

func start(program string) *rewriter {
	command := exec.Command(program)
	in, err := command.StdinPipe()
	check(err)
	out, err := command.StdoutPipe()
	check(err)
	command.Stderr = os.Stderr
	check(command.Start())
	return &rewriter{in, bufio.NewReaderSize(out, 1<<20)}
}

func (r *rewriter) rewrite(mode string, page []byte) (bool, []byte) {
	_, err := fmt.Fprintf(r.in, "%s %d\n%s", mode, len(page), page)
	check(err)
	var verdict string
	var size int
	_, err = fmt.Fscanf(r.out, "%s %d\n", &verdict, &size)
	check(err)
	text := make([]byte, size)
	_, err = io.ReadFull(r.out, text)
	check(err)
	return verdict == "yes", text
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func parse(page []byte) (map[string]*dto.MetricFamily, error) {
	var parser expfmt.TextParser
	return parser.TextToMetricFamilies(bytes.NewReader(page))
}

func bits(value float64) string {
	if math.IsNaN(value) { // the payload of a NaN is not on the page
		return "NaN"
	}
	return strconv.FormatUint(math.Float64bits(value), 16)
}

// A metric as one line. An empty label counts as missing.
func describe(metric *dto.Metric) string {
	labels := []string{}
	for _, label := range metric.Label {
		if label.GetValue() != "" {
			labels = append(labels, fmt.Sprintf("%q=%q", label.GetName(), label.GetValue()))
		}
	}
	sort.Strings(labels)
	out := fmt.Sprint(labels, " at ", metric.TimestampMs == nil, metric.GetTimestampMs())
	if metric.Counter != nil {
		out += " counter " + bits(metric.Counter.GetValue())
	}
	if metric.Gauge != nil {
		out += " gauge " + bits(metric.Gauge.GetValue())
	}
	if metric.Untyped != nil {
		out += " untyped " + bits(metric.Untyped.GetValue())
	}
	if summary := metric.Summary; summary != nil {
		out += fmt.Sprint(" summary ", summary.GetSampleCount(), bits(summary.GetSampleSum()))
		for _, quantile := range summary.Quantile {
			out += fmt.Sprint(" ", bits(quantile.GetQuantile()), bits(quantile.GetValue()))
		}
	}
	if histogram := metric.Histogram; histogram != nil {
		out += fmt.Sprint(" histogram ", histogram.GetSampleCount(), bits(histogram.GetSampleSum()))
		for _, bucket := range histogram.Bucket {
			out += fmt.Sprint(" ", bits(bucket.GetUpperBound()), bucket.GetCumulativeCount())
		}
	}
	return out
}

// In the order of the page, family by family. A counter of OpenMetrics ends in _total, so the conversion may
// remove the type of a family.
func summary(families map[string]*dto.MetricFamily, types bool) string {
	names := make([]string, 0, len(families))
	for name := range families {
		names = append(names, name)
	}
	sort.Strings(names)
	var out strings.Builder
	for _, name := range names {
		family := families[name]
		fmt.Fprintf(&out, "%s help %q", name, family.GetHelp())
		if types {
			fmt.Fprintf(&out, " type %s", family.GetType())
		}
		out.WriteString("\n")
		for _, metric := range family.Metric {
			text := describe(metric)
			if !types {
				text = strings.NewReplacer(" counter ", " value ", " gauge ", " value ",
					" untyped ", " value ").Replace(text)
			}
			out.WriteString("  " + text + "\n")
		}
	}
	return out.String()
}

type tally struct{ both, onlyExpfmt, onlyPostern, neither int }

func (t *tally) judge(r *rewriter, page []byte) error {
	theirs, theirError := parse(page)
	modes := []string{"copy", "relabel", "held", "openmetrics"}
	if bytes.IndexByte(page, 0) >= 0 { // Prometheus passes over them, also inside of keywords
		modes = modes[:1]
	}
	for _, mode := range modes {
		taken, text := r.rewrite(mode, page)
		if mode == "copy" {
			switch {
			case taken && theirError == nil:
				t.both++
			case taken:
				t.onlyPostern++
			case theirError == nil:
				t.onlyExpfmt++
			default:
				t.neither++
			}
		}
		switch {
		case !taken && theirError == nil:
			if mode == "openmetrics" && bytes.Contains(text, []byte("1970")) {
				continue
			}
			known := false
			for _, reason := range refused {
				known = known || bytes.Contains(text, []byte(reason))
			}
			if !known {
				return fmt.Errorf("%s: expfmt takes the page, postern does not: %s", mode, text)
			}
		case taken && theirError != nil:
			if mode == "copy" && !bytes.Equal(text, page) && !bytes.Equal(text, append(page, '\n')) {
				return fmt.Errorf("copy: expfmt refuses the page (%v), and it was changed", theirError)
			}
		case taken:
			ours, err := parse(text)
			if err != nil {
				return fmt.Errorf("%s: expfmt refuses what it became: %v\n%s", mode, err, text)
			}
			types := mode != "openmetrics"
			if want, got := summary(theirs, types), summary(ours, types); want != got {
				return fmt.Errorf("%s: it became another page\n-- expfmt read\n%s-- of what it became\n%s", mode, want, got)
			}
		}
	}
	return nil
}

// Some lines of a page, with a few changes.
func mutant(random *rand.Rand, page []byte) []byte {
	lines := bytes.SplitAfter(page, []byte("\n"))
	first := random.Intn(len(lines))
	last := first + 1 + random.Intn(40)
	if last > len(lines) {
		last = len(lines)
	}
	text := bytes.Join(lines[first:last], nil)
	if len(text) > 16<<10 {
		text = text[:16<<10]
	}
	tokens := []string{"\n", "\"", "\\", "\\n", "{", "}", ",", "=", " ", "\t", "#", "# TYPE ", "# HELP ",
		"NaN", "+Inf", "1e400", "0x1p3", "1_0", "-1", " 123", "\r\n", "\x00", "\xff", "\u00e9", "_total",
		"_bucket", "_sum", "le=\"1\",", "quantile=\"0.5\",", "histogram", "summary", "counter", "untyped",
		"__name__=\"x\","}
	for changes := random.Intn(4); changes >= 0 && len(text) > 0; changes-- {
		at := random.Intn(len(text))
		end := at + 1 + random.Intn(12)
		if end > len(text) {
			end = len(text)
		}
		head, middle, tail := text[:at], text[at:end], text[end:]
		switch random.Intn(5) {
		case 0: // replaced
			middle = []byte(tokens[random.Intn(len(tokens))])
		case 1: // inserted
			middle = append([]byte(tokens[random.Intn(len(tokens))]), middle...)
		case 2: // left out
			middle = nil
		case 3: // twice
			middle = append(append([]byte{}, middle...), middle...)
		case 4: // a bit
			middle = append([]byte{}, middle...)
			middle[0] ^= 1 << random.Intn(8)
		}
		text = append(append(append([]byte{}, head...), middle...), tail...)
	}
	return text
}

func main() {
	mutants, err := strconv.Atoi(os.Args[3])
	check(err)
	files, err := filepath.Glob(filepath.Join(os.Args[2], "*.prom"))
	check(err)
	r := start(os.Args[1])
	var whole, broken tally
	pages := [][]byte{}
	failures := 0
	hold := func(t *tally, name string, page []byte) {
		if err := t.judge(r, page); err != nil && failures < 20 {
			failures++
			fmt.Printf("== %s: %v\n-- the page\n%q\n", name, err, page)
		}
	}
	for _, file := range files {
		page, err := os.ReadFile(file)
		check(err)
		pages = append(pages, page)
		hold(&whole, file, page)
	}
	random := rand.New(rand.NewSource(1))
	for i := 0; i < mutants; i++ {
		hold(&broken, fmt.Sprint("mutant ", i), mutant(random, pages[random.Intn(len(pages))]))
	}
	for name, t := range map[string]tally{"pages": whole, "mutants": broken} {
		fmt.Printf("%s: %d taken by both, %d by expfmt alone, %d by postern alone, %d by none\n", name,
			t.both, t.onlyExpfmt, t.onlyPostern, t.neither)
	}
	if failures > 0 || len(pages) == 0 || broken.both == 0 {
		os.Exit(1)
	}
}
