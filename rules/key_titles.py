"""What every key of the files is called and means, in French, for the people who write them."""

from __future__ import annotations

from collections.abc import Mapping

from rules.vocabulary import plain

_ACCENTED = (
    "à", "à_défaut", "à_moins_de", "après", "catégorie", "catégories", "chaque_année", "clôture",
    "compétences", "corrigé", "délai", "désordre", "échelon", "étiquettes", "expéditeur",
    "ignorer_si_nié", "métropole", "pas_informés", "pièce_jointe", "précision", "près_de",
    "priorité", "reçu", "récurrence", "refusé_par", "règle", "règles", "répartir", "répondre",
    "réserve", "rôles", "suppléant", "téléphone", "tolérance", "immédiate", "délégataire", "privé",
    "élu", "démarche", "réclamation", "idée", "accès-document", "élu-presse", "durée",
    "numéro", "véhicule",
)  # fmt: skip
_SPELLED = {plain(word): word for word in _ACCENTED}


def spelled(word: str) -> str:
    """Write a key or a value of a closed list with the accents that French gives it."""
    return _SPELLED.get(word, word)


def title(key: str) -> str:
    """Name a key as people say it: « à défaut » for ``a_defaut``."""
    return "jusqu'au" if key == "jusqu_au" else spelled(key).replace("_", " ")


def description(block: str, key: str) -> str:
    """Say in one French sentence what a key of a block means."""
    return _OWN.get(block, {}).get(key) or _SHARED[key]


_SHARED: Mapping[str, str] = {
    "format": "Le format de ce fichier : toujours 1.",
    "langue": "La langue, en deux lettres.",
    "id": "Le nom court et unique, sans espace.",
    "noms": "Le nom que les gens lisent, une ligne par langue.",
    "famille": "La famille de compétences, une ligne de la table.",
    "commune": "Une commune, par son nom ou son code INSEE.",
    "categorie": "La catégorie de la demande.",
    "canal": "Le canal : email, sms, telegram, web…",
    "adresse": "L'adresse qui reçoit.",
    "delai": "Le délai promis, compté depuis la réception.",
    "escalade": "Qui est alerté quand le délai est dépassé.",
    "repondre": "Les textes envoyés à la personne.",
    "transmission": "Comment la demande parvient au service.",
    "mots": "Les mots cherchés.",
    "du": "Le premier jour, compris.",
    "au": "Le dernier jour, compris.",
    "chaque_annee": "« oui » : les mêmes jours tous les ans.",
    "heures": "Des plages d'heures ; la fin n'est pas comprise.",
    "jours": "Des jours de la semaine.",
    "dans": "Les calendriers dont un au moins est ouvert.",
    "sauf": "Ce qui est exclu.",
    "territoire": "Le territoire de ce fichier.",
    "communes": "Les communes, par nom ou code INSEE.",
    "contour": "Le fichier GeoJSON du contour.",
    "tolerance": "La distance qui compte encore comme « dessus ».",
    "responsable": "Le service, ou le rôle, en charge.",
    "informer": "Les services prévenus, sans être en charge.",
    "consulter": "Les services dont l'avis est demandé ; le responsable reste.",
    "urgence": "L'urgence : basse, normale, haute ou immediate.",
    "repartir": "Une demande, plusieurs parts, un responsable pour chacune.",
    "demander": "Les précisions demandées à la personne.",
    "transmettre_par": "Le moyen de transmission : email, open311, webhook ou cellule.",
    "etiquettes": "Des mots pour retrouver le dossier.",
    "proposer": "Ce que l'agent peut proposer à la personne.",
    "confidentiel": "« oui » : la page de suivi ne montre ni le sujet ni le lieu.",
    "publier": "« non » : le dossier ne paraît pas sur les pages publiques.",
    "cloture": "La preuve qu'il faut pour clore le dossier.",
    "confirmations": "Le nombre de personnes vérifiées qui confirment.",
    "recu": "Le moment où le message est arrivé.",
    "desordre": "La gêne notée par la personne, de 1 à 10.",
    "recurrence": "La même chose, déjà signalée plusieurs fois.",
    "afflux": "Beaucoup de demandes semblables en peu de temps.",
    "piece_jointe": "« oui » s'il y a une photo ou un fichier.",
    "expediteur": "Qui écrit : citoyen, agent, elu…",
    "nature": "Le genre de message : signalement, question, demarche…",
    "code_postal": "Le code postal : cinq chiffres.",
    "rue": "Le nom de la rue, sans numéro.",
    "regle": "Le nom d'une règle.",
    "part": "Les mots qui nomment cette part.",
    "fois": "Le nombre à partir duquel la condition tient.",
    "en": "La durée pendant laquelle on compte.",
    "ignorer_si_nie": "« oui » : « pas de », « sans », « aucun » annulent le mot.",
}
_OWN: Mapping[str, Mapping[str, str]] = {
    "services.yaml": {
        "services": "Tous les services, partenaires compris.",
        "roles": "Les rôles : un service différent selon le lieu.",
    },
    "service": {
        "echelon": "ville, metropole ou partenaire.",
        "contact": "Comment joindre le service.",
        "commune": "La commune du service, obligatoire à l'échelon ville.",
        "statut": "administration, delegataire ou prive.",
        "horaires": "Le calendrier d'ouverture du service.",
        "suppleant": "Le service qui reçoit quand celui-ci n'est pas disponible.",
        "absences": "Les jours où le service ne reçoit rien ; son suppléant le remplace.",
        "voit": "Les données personnelles que le service peut voir.",
    },
    "absence": {"motif": "La raison, en quelques mots : congés, travaux…"},
    "transmission": {"canal": "email, open311, webhook ou cellule."},
    "contact": {
        "adresse": "L'adresse postale.",
        "courriel": "L'adresse électronique.",
        "telephone": "Le numéro de téléphone.",
        "site": "La page du service.",
        "relais_sourds": "Le relais pour les personnes sourdes.",
    },
    "compteurs.yaml": {"compteurs": "Les comptes qui reçoivent les messages."},
    "compteur": {
        "commune": "Le lieu, quand le message n'en nomme aucun.",
        "langue": "La langue supposée, en deux lettres.",
        "ouverture": "Le texte d'accueil de ce compte.",
        "actif": "« non » : le compte est éteint.",
    },
    "categories.yaml": {
        "categories": "Les catégories, et leurs enfants.",
        "tribunal": "Le tribunal administratif, avec son adresse.",
    },
    "categorie": {
        "mots": "Les mots qui désignent cette catégorie.",
        "questions": "Les précisions que cette catégorie demande.",
        "silence": "Ce que vaut le silence de l'administration.",
        "enfants": "Les catégories plus précises, de la même famille.",
        "chef_de_file": "Le service qui garde le délai jusqu'à l'acceptation.",
    },
    "competences.yaml": {
        "competences": "La table : qui est en charge de chaque famille.",
        "reserve": "Les familles qu'un autre échelon ne peut pas prendre.",
        "accords": "Les exceptions accordées à un territoire.",
    },
    "reserve": {
        "metropole": "Les familles réservées à la métropole.",
        "commune": "Les familles réservées aux communes.",
    },
    "accord": {
        "a": "Le territoire qui reçoit l'accord.",
        "famille": "La famille accordée.",
        "jusqu_au": "Le dernier jour de l'accord.",
    },
    "territoire.yaml": {
        "communes": "Le fichier GeoJSON des communes.",
        "codes_postaux": "Le fichier des codes postaux.",
        "fuseau": "Le fuseau horaire, par exemple Europe/Paris.",
        "territoires": "La métropole, les quartiers, les pôles.",
        "zones": "D'autres contours, utiles aux règles.",
        "couches": "Des objets sur la carte : routes, écoles…",
        "ordre": "L'ordre des fichiers de règles.",
        "tolerance": "La distance qui rend une frontière incertaine.",
    },
    "couche": {"fichier": "Le fichier GeoJSON des objets."},
    "calendriers.yaml": {"calendriers": "Les horaires et les jours nommés."},
    "calendrier": {"sauf": "Les calendriers exclus."},
    "textes": {"textes": "Les textes envoyés, par langue."},
    "regles": {
        "peut_modifier": "Les équipes qui peuvent changer ce fichier.",
        "a_defaut": "Le service en charge quand aucune règle ne s'applique.",
        "listes": "Des listes de mots, citées par « $nom ».",
        "regles": "Les règles, dans l'ordre.",
        "essais": "Les essais qui prouvent les règles.",
    },
    "regle": {
        "priorite": "danger, exception ou normale.",
        "si": "Les conditions : toutes doivent tenir.",
        "sauf": "Les cas exclus, écrits comme « si ».",
        "alors": "Ce qui est fait quand la règle tient.",
        "seuils": "Des effets à partir d'un nombre de confirmations.",
    },
    "condition": {
        "contient": "Un de ces mots se trouve dans le message.",
        "contient_tous": "Chaque ligne doit être trouvée.",
        "categorie": "La catégorie, ou l'une de ses enfants.",
        "langue": "La langue du message, en deux lettres.",
        "urgence": "L'urgence connue avant les règles.",
        "regle": "Une autre règle tient.",
        "dans": "Un territoire ou une zone.",
        "pres_de": "Près d'un objet d'une couche.",
        "sur": "Sur un objet d'une couche, à sa tolérance près.",
        "un_de": "Un bloc au moins doit tenir.",
        "tous": "Tous les blocs doivent tenir.",
        "aucun_de": "Aucun bloc ne doit tenir.",
    },
    "effets": {"urgence": "L'urgence ; la plus haute des règles l'emporte."},
    "seuil": {"confirmations": "Le nombre à partir duquel ce seuil agit."},
    "escalade": {
        "apres": "La durée depuis la réception.",
        "vers": "Le service ou le rôle alerté.",
    },
    "cloture": {"preuve": "La preuve demandée : photo."},
    "proche": {
        "proche": "Des mots qui se suivent de près, dans n'importe quel ordre.",
        "mots": "La distance la plus grande, en mots (5 sans indication).",
    },
    "bornes": {"min": "Le plus petit nombre admis.", "max": "Le plus grand nombre admis."},
    "pres_de": {
        "quoi": "Une couche de la carte.",
        "a_moins_de": "La distance la plus grande : 150 m, 1,5 km.",
    },
    "recu": {"sauf": "Les calendriers exclus."},
    "recurrence": {"par": "Ce qui est le même : lieu, personne ou categorie."},
    "afflux": {"dans": "Le territoire où l'on compte."},
    "essai": {
        "nom": "Le titre de l'essai.",
        "cas": "Le message inventé.",
        "attendu": "Ce qui doit en sortir.",
    },
    "cas": {
        "texte": "Le message.",
        "sujet": "L'objet du courriel.",
        "citation": "Le texte cité d'une réponse ; il ne compte pas.",
        "categorie": "La catégorie donnée par le formulaire ou un agent.",
        "langue": "La langue du message, en deux lettres.",
        "point": "Le point sur la carte : [latitude, longitude].",
        "precision": "La précision du point, en mètres (5 sans indication).",
        "recu": "L'arrivée, heure locale : samedi 22h10, ou 2026-11-24 17:59:59.",
        "urgence": "L'urgence connue avant les règles.",
        "recurrence": "Le nombre de fois déjà compté.",
        "confirmations_avant": "Le nombre à l'évaluation précédente.",
        "afflux": "Le nombre de demandes semblables.",
        "refuse_par": "Les services qui ont refusé, dans l'ordre.",
        "indisponible": "Les services qui ne sont pas disponibles.",
        "absences": "oui : les services en absence à la date de « recu » ne reçoivent rien.",
        "compteur": "Le compte qui a reçu le message.",
        "choix_agent": "Le service choisi à la main par un agent.",
    },
    "attendu": {
        "regle": "La règle qui décide.",
        "priorite": "La priorité de la règle qui décide.",
        "informer": "Ces services sont parmi ceux que l'on prévient.",
        "pas_informes": "Ces services ne sont pas prévenus.",
        "question": "La question posée, ou « aucune ».",
        "parts": "Les parts de la demande répartie.",
        "candidats": "Les territoires possibles.",
        "corrige": "Les fautes corrigées : {lu: compris}.",
        "mots": "Ces mots ont été trouvés.",
    },
}
