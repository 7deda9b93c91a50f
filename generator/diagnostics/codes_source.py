"""The codes of files that cannot be read as text."""

from __future__ import annotations

from generator.diagnostics.code_entry import CodeEntry

SOURCE_CODES = (
    CodeEntry(
        "source/no-specs",
        "there is no directory of specs",
        "The compiler was given a directory that does not exist, or a path that is no directory. It wants the "
        "directory that holds services/; the command init writes a first one. No spec is at fault but the call is, so "
        "the exit status is 2.",
    ),
    CodeEntry(
        "source/no-services",
        "no service is declared",
        "A directory of specs needs at least one file in services/: without a service there is nothing to measure. The "
        "call may have named another directory than was meant: the exit status is 2, as where there is none.",
    ),
    CodeEntry(
        "source/not-read",
        "a file lies where no spec is read",
        "Services are read from services/, profiles from profiles/, and beside them only site.yaml and prices.yaml. "
        "A file elsewhere has no effect, which its author would not expect.",
    ),
    CodeEntry(
        "source/misplaced",
        "a file lies where files of another kind are read",
        "A directory of specs has services in services/, profiles in profiles/, and beside them prices.yaml and "
        "site.yaml. By its keys this file is of another kind than those where it lies, so it is not held against "
        "their schema: move it.",
    ),
    CodeEntry(
        "source/not-text",
        "a file is no text",
        "So much of the file is no text in UTF-8 that it is an image, an archive or the like, which was put or renamed "
        "here by mistake. Single bytes and characters that do not belong into a text are told one by one.",
    ),
    CodeEntry(
        "source/missing",
        "a file does not exist",
        "A path was named at which there is nothing. Paths are relative to the directory in which the command runs.",
    ),
    CodeEntry(
        "source/not-a-file",
        "a path is not a file",
        "The path leads to a directory, a device or a pipe; a spec is read from regular files.",
    ),
    CodeEntry(
        "source/unreadable",
        "a file cannot be read",
        "The system refuses to open the file: its permissions, a loop of links, or a path that is too long.",
    ),
    CodeEntry(
        "source/too-large",
        "a file is larger than a spec can be",
        "A spec is written by hand and takes a few KiB. A file of more than 1 MiB is another kind of file, or many "
        "services that belong in files of their own.",
    ),
    CodeEntry(
        "source/too-many-files",
        "a directory of more specs than are compiled at once",
        "All services of a directory are compiled together and held against each other. Beyond 5,000 services or 200 "
        "profiles a directory was named by mistake, or a fleet is to be split: each part has an output of its own.",
    ),
    CodeEntry(
        "source/encoding",
        "a file is not UTF-8",
        "Specs are UTF-8, with or without a byte order mark. Other encodings (Latin-1, UTF-16) would be read as "
        "other characters than the author sees. Tell the editor to save the file as UTF-8.",
    ),
    CodeEntry(
        "source/control-character",
        "a character that cannot be seen",
        "Control characters, line breaks that editors do not count, marks that turn the direction of text and bytes "
        "that are no characters do not show in an editor, and they would reach rules, dashboards and terminals. They "
        "are refused as they are and as escapes such as \\0.",
        example_bad='owner: "team\\u202esupport"',
        example_good="owner: team-support",
    ),
    CodeEntry(
        "source/too-many-errors",
        "not all findings of a file are shown",
        "After fifty findings in one file the rest is only counted: one mistake, such as a wrong indentation, often "
        "causes many. Mend those that are shown and check again.",
    ),
)
