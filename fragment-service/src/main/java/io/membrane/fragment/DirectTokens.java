package io.membrane.fragment;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.MACVerifier;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import io.membrane.rpc.CallContext;
import io.membrane.wire.FragmentTokens;
import java.text.ParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Checks tokens that the gateway made. Thread-safe. */
final class DirectTokens {

  private final List<JWSVerifier> verifiers = new ArrayList<>();
  private final DefaultJWTClaimsVerifier<SecurityContext> claims =
      new DefaultJWTClaimsVerifier<>(
          FragmentTokens.AUDIENCE,
          new JWTClaimsSet.Builder().issuer(FragmentTokens.ISSUER).build(),
          Set.of("exp", FragmentTokens.TENANT_CLAIM, FragmentTokens.SCOPE_CLAIM));

  /** Who shows a token. */
  record Holder(String tenant, Set<String> scopes) {}

  /**
   * @param secrets each of at least 256 bits; any of them will do
   */
  DirectTokens(List<byte[]> secrets) {
    try {
      for (byte[] secret : secrets) {
        verifiers.add(new MACVerifier(secret));
      }
    } catch (JOSEException e) {
      throw new IllegalArgumentException("a secret is too short", e);
    }
  }

  /** Empty if the token is not one of the gateway's, or not one any more. */
  Optional<Holder> holder(String token) {
    try {
      SignedJWT jwt = SignedJWT.parse(token);
      if (!JWSAlgorithm.HS256.equals(jwt.getHeader().getAlgorithm()) || !isSigned(jwt)) {
        return Optional.empty();
      }
      JWTClaimsSet set = jwt.getJWTClaimsSet();
      claims.verify(set, null);
      String tenant = set.getStringClaim(FragmentTokens.TENANT_CLAIM);
      String scopes = set.getStringClaim(FragmentTokens.SCOPE_CLAIM);
      return CallContext.isTenant(tenant)
          ? Optional.of(new Holder(tenant, Set.of(scopes.split(" ", -1))))
          : Optional.empty();
    } catch (ParseException | JOSEException | BadJOSEException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private boolean isSigned(SignedJWT jwt) throws JOSEException {
    for (JWSVerifier verifier : verifiers) {
      if (jwt.verify(verifier)) {
        return true;
      }
    }
    return false;
  }
}
