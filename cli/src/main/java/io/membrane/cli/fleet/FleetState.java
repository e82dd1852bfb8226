package io.membrane.cli.fleet;

import io.membrane.cli.machine.KnownProcess;
import io.membrane.rpc.WireJson;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;

/**
 * What is known of a fleet across runs of the command line: {@code fleet.json} in its state folder.
 *
 * @param redis URL of the Redis in use
 * @param members those that were started, in that order
 */
public record FleetState(URI redis, List<MemberState> members) {

  private static final String FILE = "fleet.json";

  /**
   * A started process.
   *
   * @param healthPort at which it is asked for its health
   * @param log where its output goes
   */
  public record MemberState(
      Member member, KnownProcess process, int port, int healthPort, Path log) {

    /** Base URL of a service. */
    public URI url() {
      return URI.create("http://127.0.0.1:" + port);
    }

    /** Where a service's health and metrics are. */
    public URI healthUrl() {
      return URI.create("http://127.0.0.1:" + healthPort);
    }
  }

  public FleetState {
    members = List.copyOf(members);
  }

  /** What {@code folder} says; empty if no fleet was started there or the file is unreadable. */
  public static Optional<FleetState> load(Path folder) {
    try {
      return Optional.of(
          WireJson.mapper().readValue(Files.readAllBytes(folder.resolve(FILE)), FleetState.class));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (JacksonException e) {
      throw new FleetProblem(
          folder.resolve(FILE) + " cannot be read: " + e.getOriginalMessage(),
          "end the fleet's processes by hand, then delete the file");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes it, at once and whole. */
  public void save(Path folder) {
    Path fresh = folder.resolve(FILE + ".new");
    try {
      Files.write(
          fresh, WireJson.mapper().writerWithDefaultPrettyPrinter().writeValueAsBytes(this));
      Files.move(
          fresh,
          folder.resolve(FILE),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Forgets the fleet of {@code folder}. */
  public static void clear(Path folder) {
    try {
      Files.deleteIfExists(folder.resolve(FILE));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** With {@code started} instead of what was known of that member. */
  FleetState with(MemberState started) {
    List<MemberState> all = new ArrayList<>(members);
    all.removeIf(known -> known.member() == started.member());
    all.add(started);
    return new FleetState(redis, all);
  }

  /** What is known of a member. */
  public Optional<MemberState> of(Member member) {
    return members.stream().filter(known -> known.member() == member).findFirst();
  }

  /** Those whose process still runs. */
  public List<MemberState> running() {
    return members.stream().filter(known -> known.process().runs()).toList();
  }
}
