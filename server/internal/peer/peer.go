// Package peer refuses to believe a caller. Who is calling is what the kernel
// recorded when the connection was made (unix(7): SO_PEERCRED, SO_PEERGROUPS,
// SO_PEERPIDFD); nothing that a caller sends can change it.
package peer

import (
	"context"
	"errors"
	"fmt"
	"net"

	"google.golang.org/grpc/credentials"
	grpcpeer "google.golang.org/grpc/peer"
)

// Info is a caller as the kernel knew it when it connected. It stays that way
// for the life of the connection: a change of the caller's groups takes effect
// when it connects again, and whoever holds the connected descriptor speaks as
// the one who connected.
type Info struct {
	// UID and GID are the effective ids of the process that connected.
	UID, GID uint32
	// PID is for display only: pids are reused.
	PID int32
	// Groups are the supplementary groups, in the kernel's order. Never
	// modified after the handshake.
	Groups []uint32
	// Unit is the systemd service in whose own cgroup that process was then, as
	// in "x.service"; empty: in none.
	Unit string
}

// AuthType implements credentials.AuthInfo.
func (*Info) AuthType() string { return "so_peercred" }

// GetCommonAuthInfo says that a Unix socket needs no encryption: the bytes do
// not leave the kernel.
func (*Info) GetCommonAuthInfo() credentials.CommonAuthInfo {
	return credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity}
}

// ErrNoIdentity is returned where a request carries no kernel identity. The
// caller must be refused; there is no default identity.
var ErrNoIdentity = errors.New("no kernel identity for this connection")

// FromContext returns the identity of the connection that a call came in on.
func FromContext(ctx context.Context) (*Info, error) {
	p, ok := grpcpeer.FromContext(ctx)
	if !ok {
		return nil, ErrNoIdentity
	}
	info, ok := p.AuthInfo.(*Info)
	if !ok || info == nil {
		return nil, ErrNoIdentity
	}
	return info, nil
}

// Credentials hands the identity that Listener took at accept to gRPC.
type Credentials struct{}

// ServerHandshake implements credentials.TransportCredentials. It accepts only
// connections of a Listener of this package.
func (Credentials) ServerHandshake(c net.Conn) (net.Conn, credentials.AuthInfo, error) {
	pc, ok := c.(*Conn)
	if !ok {
		return nil, nil, fmt.Errorf("%w: %T", ErrNoIdentity, c)
	}
	return pc, pc.info, nil
}

// ClientHandshake implements credentials.TransportCredentials. A server has no
// use for it.
func (Credentials) ClientHandshake(context.Context, string, net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return nil, nil, errors.New("peer credentials serve only servers")
}

// Info implements credentials.TransportCredentials.
func (Credentials) Info() credentials.ProtocolInfo {
	return credentials.ProtocolInfo{SecurityProtocol: "so_peercred"}
}

// Clone implements credentials.TransportCredentials.
func (Credentials) Clone() credentials.TransportCredentials { return Credentials{} }

// OverrideServerName implements credentials.TransportCredentials, which still
// demands the deprecated method.
func (Credentials) OverrideServerName(string) error { return nil }
