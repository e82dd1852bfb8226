package io.membrane.worker;

import io.membrane.block.ContentDigest;
import io.membrane.block.TokenSpan;
import io.membrane.block.Tokens;
import io.membrane.wire.ComputeClient.EmbeddingList;
import io.membrane.wire.ComputeClient.EmbeddingRequest;
import io.membrane.wire.ComputeClient.ModelList;
import io.membrane.wire.ComputeClient.ProfileList;
import io.membrane.wire.ComputeClient.TokenizeRequest;
import io.membrane.wire.ComputeClient.TokenizeResponse;
import io.membrane.wire.Model;
import io.membrane.wire.PrefillRequest;
import io.membrane.wire.PrefillResponse;
import io.membrane.worker.publish.ChunkEmbedding;
import io.membrane.worker.publish.PrefillProfile;
import io.membrane.worker.publish.PromptPrefill;
import io.membrane.worker.publish.ServedModel;
import io.membrane.worker.publish.TransferBlocks;
import jakarta.validation.Valid;
import java.util.List;
import org.springframework.context.annotation.Conditional;
import org.springframework.http.CacheControl;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** What the worker answers. */
@RestController
@Conditional(LocalBackend.class)
class WorkerEndpoint {

  private final ServedModel served;
  private final PromptPrefill prefill;
  private final ChunkEmbedding embedding;
  private final PrefillProfile profile;
  private final TransferBlocks transferBlocks;

  WorkerEndpoint(
      ServedModel served,
      PromptPrefill prefill,
      ChunkEmbedding embedding,
      PrefillProfile profile,
      TransferBlocks transferBlocks) {
    this.served = served;
    this.prefill = prefill;
    this.embedding = embedding;
    this.profile = profile;
    this.transferBlocks = transferBlocks;
  }

  @PostMapping("/v1/prefill")
  PrefillResponse prefill(@Valid @RequestBody PrefillRequest request) {
    return prefill.prefill(request);
  }

  @GetMapping("/v1/transfer-blocks/{id}")
  ResponseEntity<byte[]> transferBlock(@PathVariable String id) {
    byte[] bytes = transferBlocks.take(id);
    return ResponseEntity.ok()
        .contentType(MediaType.APPLICATION_OCTET_STREAM)
        .cacheControl(CacheControl.noStore())
        .header("Repr-Digest", ContentDigest.of(bytes).toReprDigest())
        .body(bytes);
  }

  @PostMapping("/v1/embeddings")
  EmbeddingList embeddings(@Valid @RequestBody EmbeddingRequest request) {
    return embedding.embed(request);
  }

  @PostMapping("/v1/tokenize")
  TokenizeResponse tokenize(@Valid @RequestBody TokenizeRequest request) {
    served.requireNamed(request.model());
    boolean addSpecialTokens = !Boolean.FALSE.equals(request.addSpecialTokens());
    Tokens tokens = served.tokenizer().encode(request.text(), addSpecialTokens);
    return new TokenizeResponse(tokens, tokens.length());
  }

  @GetMapping("/v1/profile")
  ProfileList profile() {
    return profile.list();
  }

  @GetMapping("/v1/models")
  ModelList models() {
    TokenSpan firstBlock = new TokenSpan(0, served.namespace().blockTokens());
    return new ModelList(
        "list",
        List.of(
            new Model(
                    served.namespace().model(),
                    "model",
                    "membrane",
                    served.namespace(),
                    served.signature(firstBlock))
                .needing(served.needs())),
        transferBlocks.node());
  }
}
