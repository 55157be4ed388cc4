// Compares postern's building of certificate chains with crypto/x509.
//
//	chains VERIFY CASES
//
// CASES times it makes a few CAs whose names, keys and certificates conflict: several with one name, expired
// and current copies, cross-signed ones, without key identifiers or with wrong ones. The peer sends a leaf
// and some of them; some of them are the CA file; both have any order and duplicates. The program VERIFY
// (chains.cpp) verifies the peer with both ends of postern. Its result must equal that of
// x509.Certificate.Verify, or be a difference that is listed below with its reason.
package main

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	cryptorand "crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"math/rand"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// Allowed differences: the text of the refusal, and the reason.
var listed = []struct {
	refusedBy, words, reason string
}{
	{"postern", "has the name of its issuer, but another key", "certificates that name themselves as issuer, are signed by another key and have no identifier of it: OpenSSL takes them for roots"},
}

const day = 24 * time.Hour

type verifier struct {
	in  io.Writer
	out *bufio.Reader
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func start(program string) *verifier {
	command := exec.Command(program)
	in, err := command.StdinPipe()
	check(err)
	out, err := command.StdoutPipe()
	check(err)
	command.Stderr = os.Stderr
	check(command.Start())
	return &verifier{in, bufio.NewReader(out)}
}

// The errors of the peer as a server and as a client; empty: it was accepted.
func (v *verifier) verify(chain, key, authorities []byte) [2]string {
	_, err := fmt.Fprintf(v.in, "%d %d %d\n%s%s%s", len(chain), len(key), len(authorities), chain, key, authorities)
	check(err)
	var refusals [2]string
	for end := range refusals {
		var size int
		_, err = fmt.Fscanf(v.out, "%d\n", &size)
		check(err)
		text := make([]byte, size)
		_, err = io.ReadFull(v.out, text)
		check(err)
		refusals[end] = string(text)
	}
	return refusals
}

// A name with a key, as subject and issuer of certificates.
type entity struct {
	name string
	key  *ecdsa.PrivateKey
	id   []byte // subject key identifier; nil: its certificates have none
}

type wanted struct {
	authority  bool
	pathLength int // -1: none
	from, to   time.Duration
	wrongID    bool // of the issuer
}

type generator struct {
	random *rand.Rand
	now    time.Time
	serial int64
	keys   []*ecdsa.PrivateKey
}

func newGenerator() *generator {
	g := &generator{random: rand.New(rand.NewSource(1)), now: time.Now()}
	for i := 0; i < 16; i++ {
		key, err := ecdsa.GenerateKey(elliptic.P256(), cryptorand.Reader)
		check(err)
		g.keys = append(g.keys, key)
	}
	return g
}

// True once in n calls.
func (g *generator) once(n int) bool { return g.random.Intn(n) == 0 }

func (g *generator) dates() (time.Duration, time.Duration) {
	switch g.random.Intn(8) {
	case 0, 1:
		return -90 * day, -day
	case 2:
		return day, 90 * day
	default:
		return -day - time.Duration(g.random.Intn(48))*time.Hour, 90 * day
	}
}

func (g *generator) certify(subject, issuer *entity, want wanted) *x509.Certificate {
	g.serial++
	template := &x509.Certificate{
		SerialNumber: big.NewInt(g.serial),
		Subject:      pkix.Name{CommonName: subject.name},
		NotBefore:    g.now.Add(want.from),
		NotAfter:     g.now.Add(want.to),
		SubjectKeyId: subject.id,
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
	constraints := struct {
		CA         bool `asn1:"optional"`
		PathLength int  `asn1:"optional,default:-1"`
	}{want.authority, want.pathLength}
	if want.authority {
		template.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	} else {
		template.DNSNames = []string{"localhost"}
	}
	// Written by hand: with IsCA Go adds a key identifier.
	value, err := asn1.Marshal(constraints)
	check(err)
	template.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 19}, Critical: true, Value: value}}
	parent := &x509.Certificate{Subject: pkix.Name{CommonName: issuer.name}, SubjectKeyId: issuer.id}
	if want.wrongID {
		parent.SubjectKeyId = []byte("another key")
	}
	der, err := x509.CreateCertificate(cryptorand.Reader, template, parent, &subject.key.PublicKey, issuer.key)
	check(err)
	certificate, err := x509.ParseCertificate(der)
	check(err)
	return certificate
}

func describe(c *x509.Certificate) string {
	return fmt.Sprintf("%d: %s by %s, %s to %s, key %x.. subject %x issuer %x", c.SerialNumber,
		c.Subject.CommonName, c.Issuer.CommonName, c.NotBefore.Format("0102"), c.NotAfter.Format("0102"),
		c.PublicKey.(*ecdsa.PublicKey).X.Bytes()[:3], c.SubjectKeyId, c.AuthorityKeyId)
}

type chainCase struct {
	leaf        *x509.Certificate
	key         *ecdsa.PrivateKey
	sent, roots []*x509.Certificate
}

func (g *generator) pick(from []*x509.Certificate, chance int) []*x509.Certificate {
	picked := []*x509.Certificate{}
	for _, certificate := range from {
		if g.random.Intn(100) < chance {
			picked = append(picked, certificate)
			if g.once(6) {
				picked = append(picked, certificate)
			}
		}
	}
	g.random.Shuffle(len(picked), func(i, j int) { picked[i], picked[j] = picked[j], picked[i] })
	return picked
}

func (g *generator) make() chainCase {
	keys := g.random.Perm(len(g.keys))
	entities := []*entity{}
	for i := 0; i < 2+g.random.Intn(4); i++ {
		e := &entity{name: []string{"Root", "Root", "R3", "R3", "X1"}[g.random.Intn(5)], key: g.keys[keys[i]]}
		if !g.once(3) {
			e.id = []byte{byte(keys[i]), 1, 2, 3}
		}
		entities = append(entities, e)
	}
	authorities := []*x509.Certificate{}
	for i, e := range entities {
		for n := 1 + g.random.Intn(3); n > 0; n-- {
			want := wanted{authority: !g.once(20), pathLength: -1, wrongID: g.once(10)}
			if g.once(12) {
				want.pathLength = g.random.Intn(2)
			}
			want.from, want.to = g.dates()
			issuer := e
			if i > 0 && !g.once(3) { // mostly by one that was made before
				issuer = entities[g.random.Intn(len(entities))]
			}
			authorities = append(authorities, g.certify(e, issuer, want))
		}
	}
	c := chainCase{key: g.keys[keys[len(keys)-1]]}
	want := wanted{pathLength: -1, wrongID: g.once(10), from: -day, to: 90 * day}
	if g.once(20) {
		want.from, want.to = g.dates()
	}
	leaf := &entity{name: "svc", key: c.key}
	issuer := entities[g.random.Intn(len(entities))]
	if g.once(20) {
		issuer = leaf
	}
	c.leaf = g.certify(leaf, issuer, want)
	c.sent = g.pick(append(authorities, c.leaf), 60)
	c.roots = g.pick(authorities, 40)
	if g.once(20) {
		c.roots = append(c.roots, c.leaf)
	}
	if len(c.roots) == 0 {
		c.roots = authorities[:1]
	}
	return c
}

func (c chainCase) verify(usage x509.ExtKeyUsage) error {
	options := x509.VerifyOptions{Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(),
		KeyUsages: []x509.ExtKeyUsage{usage}}
	for _, root := range c.roots {
		options.Roots.AddCert(root)
	}
	for _, sent := range c.sent {
		options.Intermediates.AddCert(sent)
	}
	_, err := c.leaf.Verify(options)
	return err
}

func pemOf(certificates ...*x509.Certificate) []byte {
	var out bytes.Buffer
	for _, certificate := range certificates {
		check(pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw}))
	}
	return out.Bytes()
}

func (c chainCase) ask(v *verifier) [2]string {
	der, err := x509.MarshalPKCS8PrivateKey(c.key)
	check(err)
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	return v.verify(pemOf(append([]*x509.Certificate{c.leaf}, c.sent...)...), key, pemOf(c.roots...))
}

// The listed reason of a difference; empty if it is not listed.
func reason(refusedBy, words string) string {
	for _, difference := range listed {
		if difference.refusedBy == refusedBy && strings.Contains(words, difference.words) {
			return difference.reason
		}
	}
	return ""
}

func main() {
	cases, err := strconv.Atoi(os.Args[2])
	check(err)
	v := start(os.Args[1])
	g := newGenerator()
	counts := map[string]int{}
	failures := 0
	for i := 0; i < cases; i++ {
		c := g.make()
		refusals := c.ask(v)
		usages := [2]x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
		for end, usage := range usages {
			theirs := c.verify(usage)
			ours := refusals[end]
			known := ""
			switch {
			case theirs == nil && ours == "":
				counts["accepted by both"]++
				continue
			case theirs != nil && ours != "":
				counts["refused by both"]++
				continue
			case theirs != nil:
				known = reason("go", theirs.Error())
			default:
				known = reason("postern", ours)
			}
			if known != "" {
				counts["listed: "+known]++
				continue
			}
			failures++
			if failures > 10 {
				continue
			}
			fmt.Printf("== case %d, end %d\n-- Go: %v\n-- postern: %s\n-- leaf\n%s\n-- sent\n", i, end, theirs, ours, describe(c.leaf))
			for _, sent := range c.sent {
				fmt.Println(describe(sent))
			}
			fmt.Println("-- CA file")
			for _, root := range c.roots {
				fmt.Println(describe(root))
			}
		}
	}
	for what, count := range counts {
		fmt.Printf("%d %s\n", count, what)
	}
	if failures > 0 || counts["accepted by both"] < cases/4 || counts["refused by both"] < cases/4 {
		fmt.Printf("%d verdicts differ\n", failures)
		os.Exit(1)
	}
}
