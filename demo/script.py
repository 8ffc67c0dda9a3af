"""What the citizens of the demo write, and how the services that receive it react."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reaction(StrEnum):
    """How a service works a case that it received by mail."""

    REPLY = "reply"  # answers the mail, in plain words
    CLOSE = "close"  # accepts by the signed link, then closes with a text
    ACCEPT = "accept"  # accepts and goes on working
    REFUSE = "refuse"  # sends it back with a reason: the rules choose another, who replies
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Scene:
    """One message of one citizen.

    ``sender`` is a mail address, a telephone number, a Telegram chat, a name on Matrix or on X;
    ``reply`` the channel chosen in a web form, or with the agent at the desk, where ``kind`` is how
    he came. ``follows`` is the scene that must have been answered before; its
    tracking number is put in place of ``{numero}``. ``asks`` is false where no answer is due.
    ``says`` is what the service writes, ``then`` what the next one answers after a refusal, and
    ``answers`` how many services answer.
    """

    id: str
    channel: str
    sender: str
    name: str
    text: str
    to: str = ""
    subject: str = ""
    kind: str = ""
    reply: str = ""
    where: str = ""
    location: tuple[float, float] | None = None
    follows: str = ""
    asks: bool = True
    automatic: bool = False
    language: str = "fr"
    photo: bool = False
    reaction: Reaction = Reaction.NONE
    says: str = ""
    then: str = ""
    answers: int = 1

    @property
    def answer(self) -> str:
        """The words of a service that must reach the citizen, if any."""
        return self.then if self.reaction is Reaction.REFUSE else self.says


NANTES, ORVAULT = "guichet@nantes.example", "guichet@orvault.example"
SMS_NANTES, SMS_ORVAULT = "+33756000044", "+33756000047"

SCENES: tuple[Scene, ...] = (
    Scene(
        "lampadaire", "email", "lea.martin@citoyens.example", "Léa Martin",
        "Bonjour,\n\nLe lampadaire devant le 12 rue de la Poterie à Rezé est éteint depuis lundi.\n"
        "On ne voit plus rien le soir.\n\nMerci,\nLéa Martin",
        NANTES, "Lampadaire éteint", reaction=Reaction.CLOSE,
        says="Le lampadaire est réparé ce matin. Merci de nous avoir prévenus.",
    ),
    Scene(
        "poubelles", "sms", "+33612340001", "Karim",
        "slt les poubelles debordent place viarme depuis samedi", SMS_NANTES,
        reaction=Reaction.REPLY, says="Nos équipes passent demain avant midi place Viarme.",
    ),
    Scene(
        "gaz", "telegram", "7001", "Inès",
        "ça sent le gaz très fort dans la cage d'escalier, 5 rue Crébillon",
        reaction=Reaction.CLOSE, says="Les pompiers ont fermé le gaz. L'immeuble est sûr.",
    ),
    Scene(
        "nid-de-poule", "x", "yann_velo", "Yann",
        "Bonjour, un gros nid-de-poule boulevard de la Prairie au Duc à Nantes, dangereux à vélo",
        kind="dm", reaction=Reaction.ACCEPT,
    ),
    Scene(
        "mention", "x", "marie44", "Marie",
        "@GuichetNantes dépôt sauvage d'encombrants rue de Strasbourg, c'est honteux",
        kind="mention", reaction=Reaction.NONE,
    ),
    Scene(
        "carte", "web", "claire@citoyens.example", "Claire Dubois",
        "Quels papiers faut-il pour renouveler ma carte d'identité ?", reply="email",
        reaction=Reaction.REPLY,
        says="Il faut l'ancienne carte, une photo et un justificatif de domicile.",
    ),
    Scene(
        "bruit", "sms", "+33612340002", "Paul",
        "Le bar en bas de chez moi met la musique trop fort chaque vendredi, rue Scribe",
        SMS_NANTES, reaction=Reaction.REPLY,
        says="Un médiateur rencontre le gérant vendredi soir.",
    ),
    Scene(
        "orvault", "email", "j.leroux@citoyens.example", "Jean Leroux",
        "Madame, Monsieur,\n\nPlus aucun éclairage chemin des Vignes à Orvault, on ne voit rien en"
        " rentrant du bus.\n\nCordialement\nJean Leroux\n-- \nEnvoyé de mon iPhone",
        ORVAULT, "Chemin des Vignes", reaction=Reaction.REPLY,
        says="Une équipe passe demain matin chemin des Vignes.",
    ),
    Scene(
        "english", "telegram", "7002", "Tom",
        "Hello, there is a water leak on the pavement, rue Paul Bellamy, water everywhere",
        language="en", reaction=Reaction.CLOSE, says="La fuite est réparée.",
    ),
    Scene(
        "espace-vert", "web", "page", "Nadia",
        "Un banc est cassé au parc de Procé, une planche pointue dépasse", reply="page",
        where="parc de Procé, Nantes", reaction=Reaction.CLOSE, says="Le banc est remplacé.",
    ),
    Scene(
        "stationnement-reze", "sms", "+33612340003", "Aïcha",
        "Une voiture garée sur le trottoir tous les matins rue Félix Faure à Rezé", SMS_NANTES,
        reaction=Reaction.NONE,
    ),
    Scene(
        "bus", "telegram", "7003", "Louis",
        "l'arrêt de bus Beauséjour n'a plus d'abri", reaction=Reaction.REPLY,
        says="L'abri est commandé, il sera posé sous trois semaines.",
    ),
    Scene(
        "arbre", "email", "p.guerin@citoyens.example", "Pierre Guérin",
        "Un arbre est tombé sur la route à Carquefou, rue de l'Europe, plus personne ne passe.",
        NANTES, "Arbre sur la route", reaction=Reaction.CLOSE, says="La route est dégagée.",
    ),
    Scene(
        "arabe", "telegram", "7004", "Samir", "مصباح الشارع لا يعمل أمام المدرسة",
        language="ar", reaction=Reaction.REPLY, says="Le lampadaire sera réparé cette semaine.",
    ),
    Scene(
        "arabe-position", "telegram", "7004", "Samir", "", language="ar",
        location=(47.2184, -1.5536), follows="arabe",
    ),
    Scene(
        "chauffage", "web", "+33612340004", "Fatou Diop",
        "Chauffage en panne dans tout l'immeuble HLM, 15 rue des Alouettes à Nantes", reply="sms",
        reaction=Reaction.REPLY, says="Le chauffagiste passe aujourd'hui.",
    ),
    Scene(
        "espagnol", "x", "lucia_n", "Lucía",
        "Hola, hay una fuga de agua en la calle, cerca de la estación de Nantes", kind="dm",
        reaction=Reaction.REPLY, says="Une équipe est sur place.",
    ),
    Scene(
        "refus", "email", "s.petit@citoyens.example", "Sophie Petit",
        "Bonjour, les bacs de fleurs de la place du Bouffay à Nantes sont à l'abandon.",
        NANTES, "Fleurs", reaction=Reaction.REFUSE, says="Ces bacs sont à un commerçant.",
        then="Nous avons demandé au commerçant de remettre les bacs en état.",
    ),
    Scene(
        "robot", "email", "noreply@boutique.example", "Boutique",
        "Je suis absent du bureau jusqu'au 30 novembre.", NANTES, "Réponse automatique : absence",
        asks=False, automatic=True,
    ),
    Scene(
        "vague", "sms", "+33612340005", "?", "aidez moi", SMS_NANTES, reaction=Reaction.NONE,
    ),
    Scene(
        "vague-suite", "sms", "+33612340005", "?",
        "un panneau est tombé sur le trottoir rue Crébillon", SMS_NANTES, follows="vague",
        reaction=Reaction.REPLY, says="Le panneau est remis en place.",
    ),
    Scene(
        "suite", "sms", "+33612340002", "Paul",
        "Bonjour c'est encore pire ce soir, demande {numero}", SMS_NANTES, follows="bruit",
        reaction=Reaction.NONE,
    ),
    Scene(
        "relance", "email", "lea.martin@citoyens.example", "Léa Martin",
        "Merci beaucoup, tout remarche !", NANTES, "Re: Lampadaire éteint [#{numero}]",
        follows="lampadaire", reaction=Reaction.NONE,
    ),
    Scene(
        "whatsapp", "whatsapp", "+33612340008", "Nadège",
        "Bonjour, les encombrants ne sont toujours pas ramassés rue Racine à Nantes", SMS_NANTES,
        reaction=Reaction.REPLY, says="Les encombrants seront enlevés demain matin.",
    ),
    Scene(
        "matrix", "matrix", "odile", "Odile",
        "Bonjour, la fontaine du square Louis Bruneau à Nantes fuit et inonde l'allée",
        reaction=Reaction.CLOSE, says="La fontaine est réparée.",
    ),
    Scene(
        "stop", "sms", "+33612340006", "Zoé", "STOP", SMS_NANTES, asks=False,
    ),
    Scene(
        "orvault-sms", "sms", "+33612340007", "Gaël",
        "Le terrain de jeux du square est plein de verre brisé", SMS_ORVAULT,
        reaction=Reaction.REPLY, says="Le square est nettoyé.",
    ),
    Scene(
        "depot", "telegram", "7005", "Maëlle", "matelas et frigo abandonnés rue Félix Thomas à Nantes",
        photo=True, reaction=Reaction.CLOSE, says="Le dépôt est enlevé.",
    ),
    Scene(
        "echafaudage", "email", "syndic@residence.example", "Syndic du Vieux Doulon",
        "Bonjour,\n\nL'échafaudage au 8 rue de la Fosse à Nantes bloque le trottoir, et sa clôture"
        " dépasse sur la chaussée.\n\nLe syndic", NANTES, "Échafaudage et clôture",
        reaction=Reaction.REPLY, says="Un contrôleur passe demain à 9 heures.", answers=2,
    ),
    Scene(
        "departement", "web", "henri@citoyens.example", "Henri",
        "Où en est mon dossier MDPH déposé en juin ?", reply="email", reaction=Reaction.REPLY,
        says="Votre dossier passe en commission le 8 décembre.",
    ),
    Scene(
        "appel", "desk", "+33240340001", "Mme Le Goff",
        "Le réverbère clignote sans arrêt devant chez moi",
        kind="call", reply="callback", where="3 rue de la Convention, Nantes",
        reaction=Reaction.REPLY, says="L'ampoule sera changée jeudi matin.",
    ),
    Scene(
        "lettre", "desk", "14 rue de la Bastille\n44000 Nantes", "Jeanne Rolland",
        "Madame, Monsieur,\nle trottoir devant chez moi est défoncé et je n'ose plus sortir"
        " avec ma canne.\nJeanne Rolland", kind="letter", reply="letter",
        where="14 rue de la Bastille, Nantes", reaction=Reaction.CLOSE,
        says="Le trottoir est refait devant votre porte.",
    ),
    Scene(
        "visite", "desk", "+33612340009", "Omar",
        "Le portique des balançoires est rouillé au square Gaston-Michel à Nantes",
        kind="visit", reply="sms", reaction=Reaction.REPLY,
        says="Le portique sera remplacé avant la fin du mois.",
    ),
)  # fmt: skip
