package io.membrane.boot;

import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import io.membrane.block.BlockHash;
import io.membrane.block.ContentDigest;
import io.membrane.block.FragmentKey;
import io.membrane.block.Slice;
import io.membrane.block.TokenSpan;
import io.membrane.block.Tokens;
import io.membrane.wire.EmbeddingInput;
import io.swagger.v3.core.jackson.ModelResolver;
import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.info.Info;
import io.swagger.v3.oas.models.media.Schema;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springdoc.core.customizers.GlobalOpenApiCustomizer;
import org.springdoc.core.providers.ObjectMapperProvider;
import org.springdoc.core.utils.SpringDocUtils;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.condition.ConditionalOnWebApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** OpenAPI documents in the words of the wire: snake_case fields, lower-case enum values. */
@Configuration(proxyBeanMethods = false)
@ConditionalOnWebApplication
class OpenApiWords {

  OpenApiWords() {
    SpringDocUtils types = SpringDocUtils.getConfig();
    for (Class<?> text :
        List.of(BlockHash.class, ContentDigest.class, FragmentKey.class, Slice.class)) {
      types.replaceWithClass(text, String.class);
    }
    types.replaceWithClass(Tokens.class, long[].class);
    types.replaceWithClass(TokenSpan.class, int[].class);
    types.replaceWithClass(EmbeddingInput.class, Object.class);
  }

  @Bean
  OpenAPI titled(@Value("${spring.application.name:service}") String service) {
    return new OpenAPI().info(new Info().title("Membrane " + service).version("1"));
  }

  @Bean
  ModelResolver snakeCase(ObjectMapperProvider mappers) {
    return new ModelResolver(
        mappers.jsonMapper().copy().setPropertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE));
  }

  @Bean
  GlobalOpenApiCustomizer lowerCaseEnums() {
    return api -> {
      if (api.getComponents() != null) {
        lower(api.getComponents().getSchemas());
      }
    };
  }

  private static void lower(@SuppressWarnings("rawtypes") @Nullable Map<String, Schema> schemas) {
    if (schemas != null) {
      schemas.values().forEach(OpenApiWords::lower);
    }
  }

  @SuppressWarnings("unchecked") // the value of an enum schema is a list of strings
  private static void lower(@Nullable Schema<?> schema) {
    if (schema == null) {
      return;
    }
    if (schema.getEnum() != null) {
      ((Schema<Object>) schema)
          .setEnum(
              schema.getEnum().stream()
                  .map(value -> (Object) String.valueOf(value).toLowerCase(Locale.ROOT))
                  .toList());
    }
    lower(schema.getProperties());
    lower(schema.getItems());
  }
}
