package io.membrane.gateway.identity;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.membrane.wire.FragmentTokens;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.UUID;

/** Signs tokens that fragment nodes believe. Thread-safe. */
public final class FragmentTokenSigner {

  private final JWSSigner signer;

  /**
   * @param secret of at least 256 bits
   */
  public FragmentTokenSigner(byte[] secret) {
    try {
      this.signer = new MACSigner(secret);
    } catch (JOSEException e) {
      throw new IllegalArgumentException("a secret is too short", e);
    }
  }

  /** A token in a caller's name. */
  public String sign(Caller caller, List<String> scopes, Instant now, Instant expires) {
    JWTClaimsSet claims =
        new JWTClaimsSet.Builder()
            .issuer(FragmentTokens.ISSUER)
            .audience(FragmentTokens.AUDIENCE)
            .subject(caller.principal())
            .jwtID(UUID.randomUUID().toString())
            .issueTime(Date.from(now))
            .expirationTime(Date.from(expires))
            .claim(FragmentTokens.TENANT_CLAIM, caller.tenant())
            .claim(FragmentTokens.SCOPE_CLAIM, String.join(" ", scopes))
            .build();
    SignedJWT jwt = new SignedJWT(new JWSHeader(JWSAlgorithm.HS256), claims);
    try {
      jwt.sign(signer);
    } catch (JOSEException e) {
      throw new IllegalStateException("HMAC signs whatever it is given", e);
    }
    return jwt.serialize();
  }
}
