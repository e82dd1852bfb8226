package io.membrane.fragment;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.membrane.wire.FragmentTokens;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;

/** Tokens as the gateway makes them. */
final class GatewayTokens {

  static final String SECRET = "0123456789abcdef".repeat(4);

  private GatewayTokens() {}

  static String token(String tenant, String scopes, Duration life) throws JOSEException {
    return signed(claims(tenant, scopes, life).build(), SECRET);
  }

  static JWTClaimsSet.Builder claims(String tenant, String scopes, Duration life) {
    return new JWTClaimsSet.Builder()
        .issuer(FragmentTokens.ISSUER)
        .audience(FragmentTokens.AUDIENCE)
        .expirationTime(Date.from(Instant.now().plus(life)))
        .claim(FragmentTokens.TENANT_CLAIM, tenant)
        .claim(FragmentTokens.SCOPE_CLAIM, scopes);
  }

  static String signed(JWTClaimsSet claims, String secret) throws JOSEException {
    SignedJWT jwt = new SignedJWT(new JWSHeader(JWSAlgorithm.HS256), claims);
    jwt.sign(new MACSigner(secret));
    return jwt.serialize();
  }
}
