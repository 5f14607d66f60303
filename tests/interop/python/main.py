"""Signs a person in with Authlib, as an application would: unmodified, and told of nothing but the issuer and its
registration. It prints what it learnt, a line each.
"""

import os
import time
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session, OAuthError
from authlib.oauth2 import rfc9207
from authlib.oauth2.rfc6749.errors import MismatchingStateException
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oidc import rpinitiated
from authlib.oidc.core import CodeIDToken, UserInfo
from authlib.oidc.discovery import OpenIDProviderMetadata, get_well_known_url
from joserfc import jwt
from joserfc.errors import InvalidClaimError
from joserfc.jwk import KeySet

ISSUER = os.environ["ISSUER"]
CLIENT_ID = os.environ["CLIENT_ID"]
# The secret, or with private_key_jwt the private key.
CLIENT_SECRET = os.environ["CLIENT_SECRET"]
AUTH_METHOD = os.environ["AUTH_METHOD"]


def main():
    flow = os.environ["FLOW"]
    metadata = discover()
    if flow == "code":
        code_flow(metadata)
    elif flow == "client_credentials":
        client_credentials(metadata)
    else:
        raise ValueError(f"no such flow: {flow!r}")


def discover():
    """What the issuer says of itself, checked by the library."""
    answer = requests.get(get_well_known_url(ISSUER, external=True))
    answer.raise_for_status()
    metadata = OpenIDProviderMetadata(answer.json())
    metadata.validate(
        metadata_classes=[rpinitiated.OpenIDProviderMetadata, rfc9207.AuthorizationServerMetadata]
    )
    if metadata["issuer"] != ISSUER:
        raise ValueError(f"the issuer calls itself {metadata['issuer']!r}")
    return metadata


def new_session(metadata, **settings):
    session = OAuth2Session(
        CLIENT_ID,
        CLIENT_SECRET,
        token_endpoint_auth_method=AUTH_METHOD,
        revocation_endpoint_auth_method=AUTH_METHOD,
        token_endpoint=metadata["token_endpoint"],
        **settings,
    )
    session.register_client_auth_method(PrivateKeyJWT(metadata["token_endpoint"]))
    return session


def code_flow(metadata):
    """Authorization code with PKCE, id token, userinfo, refresh, introspection, revocation, logout."""
    updates = []
    session = new_session(
        metadata,
        scope="openid profile email offline_access",
        redirect_uri=os.environ["REDIRECT_URI"],
        code_challenge_method="S256",
        update_token=lambda token, refresh_token=None, access_token=None: updates.append(token),
    )
    verifier, nonce = generate_token(48), generate_token(20)
    url, state = session.create_authorization_url(
        metadata["authorization_endpoint"], code_verifier=verifier, nonce=nonce
    )
    browser = requests.Session()
    callback = sign_in(browser, url)
    refuses(
        MismatchingStateException,
        lambda: session.fetch_token(authorization_response=callback, state="another", code_verifier=verifier),
    )
    token = session.fetch_token(authorization_response=callback, state=state, code_verifier=verifier)
    print("subject", verified(metadata, token, nonce)["sub"])
    refuses(InvalidClaimError, lambda: verified(metadata, token, "another"))
    print("email", userinfo(metadata, session)["email"])

    # The library refreshes by itself what has expired.
    session.token = {**token, "expires_at": int(time.time()) - 60}
    refreshed_subject = userinfo(metadata, session)["sub"]
    [refreshed] = updates
    if refreshed["access_token"] == token["access_token"] or refreshed["refresh_token"] == token["refresh_token"]:
        raise ValueError("a refresh gave the same tokens")
    if verified(metadata, refreshed, None)["sub"] != refreshed_subject:
        raise ValueError("the refreshed id token is somebody else's")
    print("refreshed", refreshed_subject)

    print("introspected", introspected(metadata, session, refreshed)["sub"])
    session.revoke_token(
        metadata["revocation_endpoint"], refreshed["refresh_token"], token_type_hint="refresh_token"
    ).raise_for_status()
    if introspected(metadata, session, refreshed)["active"]:
        raise ValueError("the access token is good after the refresh token was revoked")
    refused = refuses(OAuthError, lambda: session.refresh_token(refresh_token=refreshed["refresh_token"]))
    print("revoked", refused.error)

    # A session of requests knows no logout: the application makes its URL.
    parameters = {
        "id_token_hint": token["id_token"],
        "post_logout_redirect_uri": os.environ["AFTER_LOGOUT"],
        "state": "the-end",
    }
    end = f"{metadata['end_session_endpoint']}?{urlencode(parameters)}"
    print("signed out", follow(browser.get(end, allow_redirects=False)))


def client_credentials(metadata):
    """A token of the client's own."""
    session = new_session(metadata)
    token = session.fetch_token(grant_type="client_credentials")
    print("client", introspected(metadata, session, token)["client_id"])


def verified(metadata, token, nonce):
    """The claims of the id token: its signature by the issuer's keys, and all that the library checks."""
    keys = requests.get(metadata["jwks_uri"])
    keys.raise_for_status()
    decoded = jwt.decode(
        token["id_token"],
        KeySet.import_key_set(keys.json()),
        algorithms=metadata["id_token_signing_alg_values_supported"],
    )
    claims = CodeIDToken(
        decoded.claims,
        decoded.header,
        {"iss": {"essential": True, "value": metadata["issuer"]}, "aud": {"essential": True, "value": CLIENT_ID}},
        {"nonce": nonce, "client_id": CLIENT_ID, "access_token": token["access_token"]},
    )
    claims.validate()
    if "at_hash" not in claims:
        raise ValueError("the id token has no at_hash")
    return claims


def userinfo(metadata, session):
    answer = session.get(metadata["userinfo_endpoint"])
    answer.raise_for_status()
    return UserInfo(answer.json())


def introspected(metadata, session, token):
    answer = session.introspect_token(
        metadata["introspection_endpoint"], token["access_token"], token_type_hint="access_token"
    )
    answer.raise_for_status()
    return answer.json()


def refuses(error, call):
    """The error that a call fails with, which must be of this kind."""
    try:
        call()
    except error as refusal:
        return refusal
    raise ValueError(f"nothing was refused by {error.__name__}")


def sign_in(browser, url):
    """The person and their browser: follows the application's URL to the sign-in page, and sends its form."""
    page = follow(browser.get(url, allow_redirects=False))
    form = {
        "authorization": parse_qs(urlsplit(page).query)["authorization"],
        "username": os.environ["USERNAME"],
        "password": os.environ["PASSWORD"],
    }
    return follow(browser.post(f"{ISSUER}/sign-in", data=form, allow_redirects=False))


def follow(response):
    """Where a response leads."""
    if response.status_code != 303:
        raise ValueError(f"status {response.status_code}: {response.text}")
    return urljoin(response.url, response.headers["location"])


main()
