import json
import re

import pytest

from conditions.publishing import publishing
from conditions.tests.factories import make_condition, make_live, make_reviewer

pytestmark = pytest.mark.django_db

SCRIPT = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)


def descriptions(client, address: str) -> list[dict]:
    return [json.loads(found) for found in SCRIPT.findall(client.get(address).content.decode())]


def test_a_page_describes_its_condition(client, settings):
    make_live(
        name="Gout",
        slug="gout",
        aliases=["Podagra"],
        summary="Crystals in a joint.",
        tags=[("symptom", "Pain"), ("body_area", "Joints")],
        sections={
            "treatment": "<h3>Medicine</h3><p>For pain.</p><h3>Rest</h3><p>Lie down.</p>",
            "risk-factors": "<p>More likely with:</p><ul><li>age</li><li>salt.</li></ul>",
        },
        faqs={"Is it </script> rare?": "<p>No.</p><ul><li>Not at all &amp; never</li></ul>"},
    )
    page, questions = descriptions(client, "/conditions/gout/")
    assert page["@type"] == "MedicalWebPage"
    assert page["url"] == settings.SITE_URL + "/conditions/gout/"
    assert page["about"] == {
        "@type": "MedicalCondition",
        "name": "Gout",
        "alternateName": ["Podagra"],
        "signOrSymptom": [{"@type": "MedicalSignOrSymptom", "name": "Pain"}],
        "possibleTreatment": [
            {"@type": "MedicalTherapy", "name": "Medicine"},
            {"@type": "MedicalTherapy", "name": "Rest"},
        ],
        "riskFactor": [{"@type": "MedicalRiskFactor", "name": "age"}, {"@type": "MedicalRiskFactor", "name": "salt"}],
    }
    assert questions["@type"] == "FAQPage"
    assert questions["mainEntity"] == [
        {
            "@type": "Question",
            "name": "Is it </script> rare?",
            "acceptedAnswer": {"@type": "Answer", "text": "No. Not at all & never"},
        }
    ]


def test_an_unreviewed_page_claims_no_reviewer(client):
    make_live(slug="gout")
    page = descriptions(client, "/conditions/gout/")[0]
    assert not {"lastReviewed", "reviewedBy"} & page.keys()


def test_a_reviewed_page_names_its_reviewer(client, django_user_model):
    edition = publishing.submit(condition=make_condition(slug="gout"), by=None)
    reviewer = make_reviewer()
    publishing.approve(edition=edition, by=reviewer)
    page = descriptions(client, "/conditions/gout/")[0]
    assert page["lastReviewed"] == edition.reviewed_on.isoformat()
    assert page["reviewedBy"] == {"@type": "Person", "name": "Dr Demonstration", "honorificSuffix": "MD"}


def test_a_page_without_questions_has_no_list_of_them(client):
    make_live(slug="gout", faqs={})
    assert len(descriptions(client, "/conditions/gout/")) == 1
