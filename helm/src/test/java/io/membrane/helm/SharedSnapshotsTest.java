package io.membrane.helm;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Volume;
import io.fabric8.kubernetes.api.model.VolumeMount;
import io.fabric8.kubernetes.api.model.coordination.v1.Lease;
import io.fabric8.kubernetes.api.model.rbac.Role;
import io.fabric8.kubernetes.api.model.rbac.RoleBinding;
import io.fabric8.kubernetes.api.model.rbac.Subject;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** One volume of snapshots for all replicas of the directory. */
class SharedSnapshotsTest {

  private static final String DIRECTORY = "directory-service";
  private static final String LEASE = "membrane-directory-snapshots";

  private static Map<String, Object> shared(Map<String, Object> more) {
    Map<String, Object> values = Chart.companions();
    values = Chart.set(values, "directory.snapshots.shared.enabled", true);
    for (Map.Entry<String, Object> one : more.entrySet()) {
      values = Chart.set(values, one.getKey(), one.getValue());
    }
    return values;
  }

  @Test
  void aClaimThatManyPodsMayMountIsMadeAndMountedByAllReplicas() {
    Manifests manifests =
        Chart.with(
            shared(
                Map.of(
                    "directory.snapshots.shared.size",
                    "20Gi",
                    "directory.snapshots.shared.storageClassName",
                    "cephfs")));
    PersistentVolumeClaim claim =
        manifests.named(PersistentVolumeClaim.class, "membrane-directory-snapshots").orElseThrow();
    assertThat(claim.getSpec().getAccessModes()).containsExactly("ReadWriteMany");
    assertThat(claim.getSpec().getStorageClassName()).isEqualTo("cephfs");
    assertThat(claim.getSpec().getResources().getRequests())
        .containsEntry("storage", new Quantity("20Gi"));
    assertThat(mounted(manifests)).isEqualTo("membrane-directory-snapshots");
    Rules.check(manifests);
  }

  @Test
  void aClaimThatIsThereIsMountedAndNoneIsMade() {
    Manifests manifests =
        Chart.with(shared(Map.of("directory.snapshots.shared.existingClaim", "snapshots-nfs")));
    assertThat(manifests.of(PersistentVolumeClaim.class)).isEmpty();
    assertThat(mounted(manifests)).isEqualTo("snapshots-nfs");
    Rules.check(manifests);
  }

  /** The claim whose volume has the folder that the replicas are told to share. */
  private static String mounted(Manifests manifests) {
    Workload directory = manifests.workload(DIRECTORY);
    assertThat(directory.claims()).isEmpty();
    assertThat(manifests.properties(DIRECTORY))
        .containsEntry("membrane.directory.snapshot-shared", true);
    String folder =
        String.valueOf(manifests.properties(DIRECTORY).get("membrane.directory.snapshot-dir"));
    VolumeMount mount =
        directory.container().getVolumeMounts().stream()
            .filter(one -> one.getMountPath().equals(folder))
            .findAny()
            .orElseThrow();
    assertThat(mount.getReadOnly()).isNotEqualTo(true);
    Volume volume =
        directory.pod().getVolumes().stream()
            .filter(one -> one.getName().equals(mount.getName()))
            .findAny()
            .orElseThrow();
    return volume.getPersistentVolumeClaim().getClaimName();
  }

  @Test
  void withLeasesTheDirectoryHasOneAndMayWriteIt() {
    Manifests manifests = Chart.with(shared(Map.of("kubernetes.leadership.enabled", true)));
    assertThat(manifests.properties(DIRECTORY))
        .containsEntry("membrane.leadership.by", "kubernetes")
        .containsEntry("membrane.leadership.name", "membrane");
    assertThat(manifests.named(Lease.class, LEASE)).isPresent();
    Role role = manifests.named(Role.class, "membrane-leads-directory-snapshots").orElseThrow();
    assertThat(role.getRules())
        .singleElement()
        .satisfies(rule -> assertThat(rule.getResourceNames()).containsExactly(LEASE));
    assertThat(manifests.named(RoleBinding.class, role.getMetadata().getName()).orElseThrow())
        .satisfies(binding ->
            assertThat(binding.getSubjects())
                .extracting(Subject::getName)
                .containsExactly(manifests.workload(DIRECTORY).pod().getServiceAccountName()));
    Rules.check(manifests);
  }

  @Test
  void byDefaultEachReplicaHasItsOwnAndStandsForNothing() {
    Map<String, Object> values =
        Chart.set(Chart.companions(), "kubernetes.leadership.enabled", true);
    Manifests manifests = Chart.with(values);
    assertThat(manifests.of(PersistentVolumeClaim.class)).isEmpty();
    assertThat(manifests.named(Lease.class, LEASE)).isEmpty();
    assertThat(manifests.properties(DIRECTORY).keySet())
        .noneMatch(name -> name.startsWith("membrane.leadership."))
        .doesNotContain("membrane.directory.snapshot-shared");
  }
}
