// The texts of the policies that every server has from the start.

/** What every token may do unless it was made without this policy; operators may change it. */
export const DEFAULT_POLICY = `
# A token may see, renew and revoke itself
path "auth/token/lookup-self" {
    capabilities = ["read"]
}
path "auth/token/renew-self" {
    capabilities = ["update"]
}
path "auth/token/revoke-self" {
    capabilities = ["update"]
}

# and ask what it may do
path "sys/capabilities-self" {
    capabilities = ["update"]
}

# The entity and the rights of the token, as the user interface asks for them
path "identity/entity/id/{{identity.entity.id}}" {
    capabilities = ["read"]
}
path "identity/entity/name/{{identity.entity.name}}" {
    capabilities = ["read"]
}
path "sys/internal/ui/resultant-acl" {
    capabilities = ["read"]
}

# Who knows the id of a lease may renew it and look at it
path "sys/renew" {
    capabilities = ["update"]
}
path "sys/leases/renew" {
    capabilities = ["update"]
}
path "sys/leases/lookup" {
    capabilities = ["update"]
}

# A place for the token's own secrets, which nobody else can open
path "cubbyhole/*" {
    capabilities = ["create", "read", "update", "delete", "list"]
}

# Response wrapping
path "sys/wrapping/wrap" {
    capabilities = ["update"]
}
path "sys/wrapping/lookup" {
    capabilities = ["update"]
}
path "sys/wrapping/unwrap" {
    capabilities = ["update"]
}

# Tools without secrets
path "sys/tools/hash" {
    capabilities = ["update"]
}
path "sys/tools/hash/*" {
    capabilities = ["update"]
}

# The state of a request that others have to approve
path "sys/control-group/request" {
    capabilities = ["update"]
}

# Login by way of the OIDC provider
path "identity/oidc/provider/+/authorize" {
    capabilities = ["read", "update"]
}
`;

/** What a wrapping token may do: read what was wrapped for it, once. */
export const RESPONSE_WRAPPING_POLICY = `
path "cubbyhole/response" {
    capabilities = ["create", "read"]
}
path "sys/wrapping/unwrap" {
    capabilities = ["update"]
}
`;
