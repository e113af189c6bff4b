# SPDX-License-Identifier: MIT
"""gradebook.py - grades.csv in the form that a gradebook imports

WHAT     Writes one column of marks, with the header that the gradebook expects,
         from the rows of grades.csv and from the roster.

PICTURE  Canvas   Student,ID,SIS User ID,SIS Login ID,Section,TITLE
                      Points Possible,,,,,100
                  "Doe, Jane",,s1,jane,,87.5
         Moodle   ID number,Email address,TITLE (Real),TITLE (Feedback)
                  s1,jane@example.org,87.5,exercises 1 to 3: 35 32.5 20

TERMS    roster   the CSV file of the class. The column "id" is needed; these
                  are used where they are there: name, email, login (Canvas's
                  and the school's name of the account), canvas_id (Canvas's own
                  number), section, and for Moodle idnumber

RULES    Canvas   the first two columns are Student and ID. Behind SIS User ID
                  stands SIS Login ID, and then Section. A student is found by
                  ID, else by the SIS User ID, else by the login. The row with
                  the points begins with "Points Possible". A title that the
                  course does not have becomes a new assignment
         Moodle   whoever imports says which column names the student ("map
                  from", "map to"), and which columns are marks. The header is
                  that of Moodle's own export. A feedback needs its mark in the
                  same file

SEE      Canvas: lib/gradebook_importer.rb. Moodle: grade/import/csv and
         grade/export/lib.php.
"""
import csv
import io

CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
POINTS = "    Points Possible"        # as Canvas itself writes it


def read(file):
    """The rows of a CSV file, as tables column -> text."""
    with open(file, newline="", encoding="utf-8-sig") as stream:
        return [{name: (value or "").strip() for name, value in row.items()
                 if name} for row in csv.DictReader(stream)]


def read_marks(file):
    """The rows of grades.csv, without students whom nobody could grade."""
    return [row for row in read(file) if row["total"]]


def title_of(lab):
    """The name of the assignment. Canvas reads a number in parentheses at the
    end as the assignment's own: no title of a lab has one."""
    return f"Lab {lab.data['number']}: {lab.data['title']}"


def text_of(rows):
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(rows)
    return stream.getvalue()


def points_of(lab):
    return f"{sum(e.points for e in lab.exercises):g}"


def canvas(lab, grades, roster):
    """The text of the file. `grades`, `roster`: rows of both CSV files."""
    rows = [(*CANVAS, title_of(lab)), (POINTS, "", "", "", "", points_of(lab))]
    people = {row["id"]: row for row in roster}
    for grade in grades:
        who = people.get(grade["id"], {})
        rows.append((who.get("name") or grade["id"], who.get("canvas_id", ""),
                     grade["id"], who.get("login") or grade["id"],
                     who.get("section", ""), grade["total"]))
    return text_of(rows)


def moodle(lab, grades, roster):
    title = title_of(lab)
    rows = [("ID number", "Email address", f"{title} (Real)",
             f"{title} (Feedback)")]
    people = {row["id"]: row for row in roster}
    for grade in grades:
        who = people.get(grade["id"], {})
        rows.append((who.get("idnumber") or grade["id"], who.get("email", ""),
                     grade["total"], feedback(lab, grade)))
    return text_of(rows)


def feedback(lab, grade):
    """Points only: what a student has written does not belong on a page of the
    gradebook."""
    found = [grade[f"exercise_{e.n}"] for e in lab.exercises
             if grade.get(f"exercise_{e.n}")] or \
        grade.get("points", "").split()
    if not any(map(float, found)):
        return grade["verdict"]
    return f"exercises 1 to {len(found)}: {' '.join(found)}"


SYSTEMS = {"canvas": canvas, "moodle": moodle}
