"""What the people of the bench write: some hundred concerns, places and manners; ours, CC0."""

CONCERNS = (
    "le lampadaire devant chez moi est éteint depuis lundi",
    "les poubelles débordent depuis samedi et ça sent très mauvais",
    "un énorme nid-de-poule, j'ai failli tomber à vélo ce matin",
    "le trottoir est défoncé, ma mère de 82 ans est tombée hier",
    "dépôt sauvage : un matelas, deux frigos et des gravats",
    "la bouche d'égout déborde à chaque pluie",
    "une fuite d'eau coule sur la chaussée depuis deux jours",
    "un arbre est tombé en travers du chemin, on ne passe plus",
    "le bar met la musique trop fort tous les vendredis jusqu'à 2 h",
    "une camionnette est garée sur la piste cyclable tous les matins",
    "un banc est cassé, une planche pointue dépasse",
    "le feu piéton reste rouge, les enfants traversent n'importe comment",
    "l'abribus a été vandalisé, il y a du verre partout",
    "des tags racistes sur le mur de l'école",
    "il y a des rats près des containers",
    "plus aucun éclairage, on ne voit rien en rentrant du bus",
    "les encombrants n'ont pas été ramassés comme prévu",
    "une plaque d'égout bouge et fait un bruit terrible la nuit",
    "la chaussée s'est affaissée au milieu du carrefour",
    "le panneau stop est par terre",
    "voiture ventouse sans plaque depuis trois mois",
    "les toilettes publiques sont fermées et sales",
    "les feuilles mortes rendent la descente très glissante",
    "le caniveau est bouché et l'eau arrive dans mon garage",
    "l'ascenseur de notre immeuble HLM est en panne depuis une semaine",
    "le chauffage ne marche plus dans tout l'immeuble HLM",
    "le bus C6 ne s'arrête plus ici, il n'y a aucune information",
    "la borne de tri du verre est pleine",
    "des motos font du rodéo tous les soirs",
    "le chien du voisin aboie du matin au soir",
    "le marquage du passage piéton est complètement effacé",
    "le composteur du quartier est cassé",
    "l'aire de jeux est dangereuse, un écrou est sorti de la balançoire",
    "les jardinières ne sont plus arrosées, tout est mort",
    "un chantier commence à 6 h avec des marteaux-piqueurs",
    "une grosse branche menace de tomber sur le trottoir",
    "l'horodateur avale ma carte et ne donne pas de ticket",
    "il manque une grille au pied de l'arbre, on se tord la cheville",
    "les voitures roulent à 70 devant l'école, il faudrait un ralentisseur",
    "le local vélos a été forcé, on m'a volé mon vélo",
    "de l'eau marron sort du robinet depuis ce matin",
    "plus d'eau du tout dans l'immeuble",
    "une odeur d'égout insupportable",
    "le miroir du carrefour est cassé",
    "les haies débordent sur le trottoir, avec la poussette je passe sur la route",
    "des seringues dans le bac à sable du square",
    "la fontaine fuit et tout gèle la nuit",
    "un potelet arraché, des fils électriques dépassent",
    "le distributeur de sacs pour chiens est vide",
    "la poubelle du parc a brûlé cette nuit",
)
ASKING = (
    "quels papiers faut-il pour renouveler ma carte d'identité ?",
    "comment inscrire ma fille à la cantine en cours d'année ?",
    "où est la déchetterie la plus proche et à quelle heure elle ferme ?",
    "comment demander une place en crèche pour septembre ?",
    "je n'arrive plus à payer mon loyer, qui peut m'aider ?",
    "peut-on réserver une salle pour une association ?",
    "qui dois-je contacter pour un permis de végétaliser ?",
    "je voudrais un acte de naissance, c'est gratuit ?",
    "à quelle adresse envoyer une demande de stationnement résident ?",
    "où en est mon dossier MDPH déposé en juin ?",
)
ELSEWHERE = (
    "Hello, there is a water leak on the pavement and nobody comes",
    "Hi, the street light in front of our house has been out for a week",
    "Hay una fuga de agua en la calle desde ayer",
    "مصباح الشارع لا يعمل أمام المدرسة",
    "Bom dia, o lixo não foi recolhido esta semana",
)
PLACES = (
    "rue de la Poterie à Rezé", "place Viarme", "rue Paul Bellamy à Nantes", "12 rue de Strasbourg",
    "chemin des Vignes à Orvault", "rue Félix Faure à Rezé", "quai de la Fosse", "rue Scribe",
    "boulevard de la Prairie au Duc", "devant le 7 rue du Général Buat", "rue des Hauts Pavés",
    "route de Vannes à Saint-Herblain", "avenue Jean Jaurès 44400 Rezé", "rue de l'Europe à Carquefou",
    "place du Commerce, Nantes", "15 rue des Alouettes", "rue Joffre", "au parc de Procé",
    "bd des Anglais", "rue de Nantes à Orvault", "à Couëron, quai Jean-Pierre Fougerat",
    "rue Jean Jaurès", "3 bis allée des Tanneurs", "cours des Cinquante-Otages",
    "près de l'école Stéphane Hessel", "à Vertou, route de la Gare", "rue Crébillon 44000",
    "avenue de la Vertonne à Vertou", "place Mellinet", "à l'angle de la rue Kervégan",
    "rue du Bourg à Basse-Goulaine", "44800", "chemin de la Chapelle à Sautron", "rue Lamoricière",
    "impasse du Moulin, Bouguenais", "devant la boulangerie, rue de Budapest", "rue Fouré",
    "square Daviais", "13 avenue Camus", "à Bouaye",
)  # fmt: skip
SINCE = (
    "", "", "depuis une semaine", "ce matin encore", "c'est la troisième fois que j'écris",
    "merci de faire quelque chose", "c'est dangereux pour les enfants", "cordialement",
    "je peux envoyer une photo", "plusieurs voisins se plaignent aussi",
)  # fmt: skip
OPENINGS = ("Bonjour, ", "bjr ", "Bonsoir, ", "", "", "slt ", "Madame, Monsieur, ", "Bonjour,\n\n")
SEQUELS = (
    "toujours rien ?", "merci", "c'est réparé, merci beaucoup", "et alors ?", "voici la photo",
    "c'est devant le numéro 14", "je confirme, c'est de pire en pire", "vous avez reçu mon message ?",
)  # fmt: skip
FIRST_NAMES = (
    "Léa", "Karim", "Inès", "Yann", "Marie", "Claire", "Paul", "Nadia", "Aïcha", "Louis", "Fatou",
    "Jean", "Lucía", "Tom", "Samir", "Gwenaël", "Thi Mai", "Pierre", "Zoé", "Mamadou",
)  # fmt: skip
LAST_NAMES = (
    "Martin", "Leroux", "Guérin", "Diop", "Dubois", "Le Goff", "Nguyen", "Moreau", "Benali",
    "Lefèvre", "Traoré", "Rousseau", "Picard", "Hervé", "da Silva",
)  # fmt: skip
SIGNATURES = (
    "", "\n-- \nEnvoyé de mon iPhone", "\nCordialement,\n{name}", "\n{name}\n06 12 34 56 78",
    "\n\nEnvoyé depuis mon appareil Galaxy",
    "\nBien à vous\n{name}\n\nLe lun. 23 nov. 2026 à 10:12, Mairie <contact@mairie.example> a"
    " écrit :\n> Bonjour,\n> votre demande a bien été transmise.\n> Le secrétariat",
)  # fmt: skip
