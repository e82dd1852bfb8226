package io.membrane.block;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class ApiArchitectureTest {

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.membrane");

  @Test
  void identityIsPlainJava() {
    noClasses()
        .that()
        .resideInAnyPackage("io.membrane.block", "io.membrane.placement")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "org.springframework..", "java.net..", "io.membrane.rpc..", "io.membrane.wire..")
        .because("engines and tools hash without a network or a framework")
        .check(CLASSES);
  }

  @Test
  void theContractKnowsNothingOfTheStart() {
    noClasses()
        .that()
        .resideInAnyPackage("io.membrane.rpc", "io.membrane.wire")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.membrane.boot")
        .because("clients work without the services' auto-configuration")
        .check(CLASSES);
  }
}
