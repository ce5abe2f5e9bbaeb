"""Three lists of eight people as ministries send them: a workbook, a Word document, and the text of a PDF."""

from tests.registrations.services.imports.documents import docx, paragraph, table
from tests.registrations.services.imports.files import xlsx

# Each list holds these people: name, address, and the code of the profile that the focal point means.
PEOPLE = {
    ("Carla Prueba Modelo", "carla.prueba@example.org", "prosecutors"),
    ("Tomás Modelo", "tomas.modelo@example.org", "prosecutors"),
    ("Iván Ejemplo", "ivan.ejemplo@example.org", "immigration-control"),
    ("Rosa Ensayo", "rosa.ensayo@example.org", "immigration-control"),
    ("Luis Muestra", "luis.muestra@example.org", "border-control"),
    ("Elena Ensayo", "elena.ensayo@example.org", "border-control"),
    ("Marta Ensayo", "marta.ensayo@example.org", "investigation-units"),
    ("Pedro Prueba", "pedro.prueba@example.org", "investigation-units"),
}


def workbook() -> bytes:
    """Titles, two columns of names, a column for the sex, numbers, signatures, a word that is not obvious."""
    return xlsx(
        [
            ("REPÚBLICA DE HONDURAS",),
            ("Designación de personas funcionarias para el seminario web",),
            (),
            (
                "No.",
                "Nombres",
                "Apellidos",
                "Sexo",
                "Dependencia",
                "Puesto",
                "Correo institucional",
                "Perfil",
                "Idioma",
            ),
            (
                1,
                "Carla",
                "Prueba Modelo",
                "F",
                "Fiscalía General",
                "Fiscal",
                "carla.prueba@example.org",
                "Fiscal",
                "Es",
            ),
            (2, "Tomás", "Modelo", "M", "Fiscalía General", "Fiscal", "tomas.modelo@example.org", "FISCAL", "Español"),
            (3, "Iván", "Ejemplo", "M", "Migración", "Jefe", "ivan.ejemplo@example.org", "Migración", "Español/Inglés"),
            (4, "Rosa", "Ensayo", "F", "Migración", "Agente", "rosa.ensayo@example.org", "Migracion", "Español"),
            (5, "Luis", "Muestra", "M", "Policía", "Oficial", "luis.muestra@example.org", "Policía de fronteras", ""),
            (6, "Elena", "Ensayo", "F", "Policía", "Oficial", "elena.ensayo@example.org", "Frontera", "Español"),
            (7, "Marta", "Ensayo", "F", "DPI", "Jefa", "marta.ensayo@example.org", "Investigadora DPI", "Español"),
            (8, "Pedro", "Prueba", "M", "DPI", "Enlace", "pedro.prueba@example.org", "Enlace", "Español"),
            ("", "Total", "8"),
            (),
            ("Elaborado por: Lic. Eva Muestra, Relaciones Internacionales",),
            ("Firma y sello",),
        ]
    )


def document() -> bytes:
    """A table with a title row, positions in place of profiles, and notes around it."""
    headings = (
        "N.º",
        "Nombre completo del funcionario",
        "Cargo que desempeña",
        "Institución",
        "E-mail",
        "Celular/WhatsApp",
    )
    people = [
        ("1", "Carla Prueba Modelo", "Fiscal de turno", "Ministerio Público", "carla.prueba@example.org", "9999-0001"),
        ("2", "Tomás Modelo", "Fiscal auxiliar", "Ministerio Público", "tomas.modelo@example.org", "9999-0002"),
        ("3", "Iván Ejemplo", "Delegado de migración", "Gobernación", "ivan.ejemplo@example.org", "9999-0003"),
        ("4", "Rosa Ensayo", "Inspectora de migración", "Gobernación", "rosa.ensayo@example.org", ""),
        ("5", "Luis Muestra", "Agente fronterizo", "Seguridad", "luis.muestra@example.org", "9999-0005"),
        ("6", "Elena Ensayo", "Agente fronteriza", "Seguridad", "elena.ensayo@example.org", "9999-0006"),
        ("7", "Marta Ensayo", "Investigadora", "Policía Nacional", "marta.ensayo@example.org", "9999-0007"),
        ("8", "Pedro Prueba", "Policía de investigación", "Policía Nacional", "pedro.prueba@example.org", "9999-0008"),
    ]
    body = paragraph("Oficio 123-2026") + table(headings, *people) + paragraph("Atentamente,")
    return docx(body)


PDF = """\
Lista de personas designadas

Carla Prueba Modelo    carla.prueba@example.org    Fiscalía de ejemplo       Fiscal
Tomás Modelo           tomas.modelo@example.org    Fiscalía de ejemplo       Fiscal
Iván Ejemplo           ivan.ejemplo@example.org    Dirección de Migración    Control migratorio
Rosa Ensayo            rosa.ensayo@example.org     Dirección de Migración    Control migratorio
Luis Muestra           luis.muestra@example.org    Policía Nacional          Unidad fronteriza
Elena Ensayo           elena.ensayo@example.org    Policía Nacional          Unidad fronteriza
Marta Ensayo           marta.ensayo@example.org    Policía Nacional          Investigación
Pedro Prueba           pedro.prueba@example.org    Policía Nacional          Investigación
Firma:                                             Sello:
"""
