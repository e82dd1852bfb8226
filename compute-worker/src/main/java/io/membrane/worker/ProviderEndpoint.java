package io.membrane.worker;

import io.membrane.block.Tokens;
import io.membrane.rpc.ErrorCode;
import io.membrane.rpc.MembraneException;
import io.membrane.wire.ComputeClient.EmbeddingList;
import io.membrane.wire.ComputeClient.EmbeddingRequest;
import io.membrane.wire.ComputeClient.ModelList;
import io.membrane.wire.ComputeClient.TokenizeRequest;
import io.membrane.wire.ComputeClient.TokenizeResponse;
import io.membrane.wire.PrefillRequest;
import io.membrane.wire.PrefillResponse;
import io.membrane.worker.provider.PromptWarming;
import io.membrane.worker.provider.ProviderModel;
import jakarta.validation.Valid;
import java.util.List;
import org.springframework.context.annotation.Conditional;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** The same routes, where somebody else prefills. */
@RestController
@Conditional(RemoteBackend.class)
class ProviderEndpoint {

  private final ProviderModel model;
  private final PromptWarming warming;

  ProviderEndpoint(ProviderModel model, PromptWarming warming) {
    this.model = model;
    this.warming = warming;
  }

  @PostMapping("/v1/prefill")
  PrefillResponse prefill(@Valid @RequestBody PrefillRequest request) {
    return warming.prefill(request);
  }

  @PostMapping("/v1/embeddings")
  EmbeddingList embeddings(@Valid @RequestBody EmbeddingRequest request) {
    throw new MembraneException(
        ErrorCode.IMPOSSIBLE_REQUEST,
        "this worker only gets the cache of %s warm; embeddings come from one with a local model"
            .formatted(model.backend().word()));
  }

  @PostMapping("/v1/tokenize")
  TokenizeResponse tokenize(@Valid @RequestBody TokenizeRequest request) {
    model.requireNamed(request.model());
    boolean addSpecialTokens = !Boolean.FALSE.equals(request.addSpecialTokens());
    Tokens tokens = warming.tokenize(request.text(), addSpecialTokens);
    return new TokenizeResponse(tokens, tokens.length());
  }

  @GetMapping("/v1/models")
  ModelList models() {
    return new ModelList("list", List.of(model.listed()));
  }
}
